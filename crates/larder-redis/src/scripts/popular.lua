-- KEYS counts
-- ARGV half-life in seconds, the ranks of the first and the last, from 0
-- the texts of the keys that were read most, each followed by what is left of its count
if redis.call('TYPE', KEYS[1]).ok ~= 'zset' then return {} end
local growth = micros() / 1000000 * math.log(2) / ARGV[1]
local found = redis.call('ZRANGE', KEYS[1], ARGV[2], ARGV[3], 'REV', 'WITHSCORES')
for index = 2, #found, 2 do
  found[index] = string.format('%.9g', math.exp(found[index] - growth))
end
return found
