-- KEYS sequence, stamps
-- ARGV channel, head, body, the cache (empty for all of them)
-- the sequence before, and its own
redis.call('UNLINK', KEYS[1] .. '~')
if redis.call('TYPE', KEYS[2]).ok ~= 'hash' then redis.call('UNLINK', KEYS[2]) end
local announced = announce(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
redis.call('HSET', KEYS[2], ARGV[4], announced[2])
return announced
