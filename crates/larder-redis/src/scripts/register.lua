-- KEYS register
-- ARGV the most lines that are kept, for how many milliseconds, then lines
-- the present in milliseconds; the lines, each followed by when it was noted last
local now, is_register = math.floor(micros() / 1000), redis.call('TYPE', KEYS[1]).ok == 'zset'
-- Who only asks writes nothing: it may be a replica, or full.
if #ARGV > 2 then
  if not is_register then redis.call('UNLINK', KEYS[1]) end
  is_register = true
  for index = 3, #ARGV do
    redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[index])
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('(%.0f', now - ARGV[2]))
  redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return {string.format('%.0f', now), is_register and redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES') or {}}
