-- KEYS sequence, tags, stamps
-- ARGV since
-- the sequence; the tags that were invalidated after it, each followed by its stamp; the floor; the clears, in the same way
local tags, clears = {}, {}
if redis.call('TYPE', KEYS[2]).ok == 'zset' then
  tags = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[1], '+inf', 'WITHSCORES')
end
local floor = redis.pcall('ZSCORE', KEYS[2], 'floor')
if redis.call('TYPE', KEYS[3]).ok == 'hash' then clears = redis.call('HGETALL', KEYS[3]) end
return {string.format('%.0f', position(KEYS[1])), tags, type(floor) == 'string' and floor or '0', clears}
