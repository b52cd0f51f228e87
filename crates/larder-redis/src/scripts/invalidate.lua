-- KEYS sequence, then value, lease and guards of each key
-- ARGV channel, head, body, the name of the guard that ends (empty for none)
-- the sequence before, and its own
for index = 2, #KEYS, 3 do
  redis.call('UNLINK', KEYS[index], KEYS[index + 1])
  if ARGV[4] ~= '' then redis.pcall('ZREM', KEYS[index + 2], ARGV[4]) end
end
-- The first write is an UNLINK even without keys: a server that is full refuses all that begins otherwise.
redis.call('UNLINK', KEYS[1] .. '~')
return (announce(KEYS[1], ARGV[1], ARGV[2], ARGV[3]))
