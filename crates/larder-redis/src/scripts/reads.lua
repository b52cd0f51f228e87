-- KEYS counts
-- ARGV half-life in seconds, the most keys that are kept, for how many milliseconds, then the keys' texts, each followed by a count
if redis.call('TYPE', KEYS[1]).ok ~= 'zset' then redis.call('UNLINK', KEYS[1]) end
-- A count is kept as the logarithm of what it would be by now had it grown, since the epoch, as fast as others fade.
local growth = micros() / 1000000 * math.log(2) / ARGV[1]
for index = 4, #ARGV, 2 do
  local count = growth + math.log(ARGV[index + 1])
  local before = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[index]))
  -- What no reader can have counted is somebody else's number.
  if before and before < growth + 60 then
    local high, low = math.max(count, before), math.min(count, before)
    count = high + math.log(1 + math.exp(low - high))
  end
  redis.call('ZADD', KEYS[1], string.format('%.17g', count), ARGV[index])
end
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return redis.call('ZCARD', KEYS[1])
