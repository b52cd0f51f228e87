-- KEYS sequence
-- ARGV the sequence that it must go on after
-- 1 if it does from now on; 0 if that is more than a day ahead
local at = tonumber(ARGV[1])
if at > micros() + 86400000000 then return 0 end
redis.call('UNLINK', KEYS[1] .. '~')
if position(KEYS[1]) < at then redis.call('SET', KEYS[1], ARGV[1]) end
return 1
