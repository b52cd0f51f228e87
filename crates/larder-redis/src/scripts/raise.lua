-- KEYS sequence
-- ARGV the sequence that it must go on after
-- how far it had gone before; nothing if that is more than a day ahead
local at = tonumber(ARGV[1])
if at > micros() + 86400000000 then return false end
redis.call('UNLINK', KEYS[1] .. '~')
local before = position(KEYS[1])
if before < at then redis.call('SET', KEYS[1], ARGV[1]) end
return string.format('%.0f', before)
