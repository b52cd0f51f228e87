-- KEYS sequence, tags
-- ARGV channel, head, body, the most tags that are remembered, then the tags
-- the sequence before, and its own
redis.call('UNLINK', KEYS[1] .. '~')
if redis.call('TYPE', KEYS[2]).ok ~= 'zset' then redis.call('UNLINK', KEYS[2]) end
local announced, sequence = announce(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
for index = 5, #ARGV do
  redis.call('ZADD', KEYS[2], string.format('%.0f', sequence), ARGV[index])
end
-- The floor is a member among the tags, and not one of those that are counted.
local floor = redis.call('ZSCORE', KEYS[2], 'floor')
local over = redis.call('ZCARD', KEYS[2]) - (floor and 1 or 0) - tonumber(ARGV[4])
if over > 0 then
  redis.call('ZREM', KEYS[2], 'floor')
  local last = redis.call('ZRANGE', KEYS[2], over - 1, over - 1, 'WITHSCORES')
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, over - 1)
  redis.call('ZADD', KEYS[2], last[2], 'floor')
end
return announced
