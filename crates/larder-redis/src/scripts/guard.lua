-- KEYS sequence, then value, lease and guards of each key
-- ARGV channel, head, body, the name of the guard, for how many ms it holds
-- the sequence before, and its own
local now = math.floor(micros() / 1000)
local ends = string.format('%.0f', now + tonumber(ARGV[5]))
for index = 2, #KEYS, 3 do
  redis.call('UNLINK', KEYS[index], KEYS[index + 1])
  if redis.call('TYPE', KEYS[index + 2]).ok ~= 'zset' then redis.call('UNLINK', KEYS[index + 2]) end
  redis.call('ZREMRANGEBYSCORE', KEYS[index + 2], '-inf', string.format('%.0f', now))
  redis.call('ZADD', KEYS[index + 2], ends, ARGV[4])
  -- The longest of its guards, and a little more: the set must outlive them all.
  local left = redis.call('PTTL', KEYS[index + 2])
  redis.call('PEXPIRE', KEYS[index + 2], math.max(left, tonumber(ARGV[5]) + 1000))
end
redis.call('UNLINK', KEYS[1] .. '~')
return (announce(KEYS[1], ARGV[1], ARGV[2], ARGV[3]))
