-- KEYS counts
-- ARGV half-life in seconds, the ranks of the first and the last, from 0
-- what a count of one would be kept as at present; the texts of the keys that were read most, each followed by what its count is kept as
local found = {}
if redis.call('TYPE', KEYS[1]).ok == 'zset' then
  found = redis.call('ZRANGE', KEYS[1], ARGV[2], ARGV[3], 'REV', 'WITHSCORES')
end
return {string.format('%.17g', micros() / 1000000 * math.log(2) / ARGV[1]), found}
