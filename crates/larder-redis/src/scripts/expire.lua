-- KEYS sequence, then value and lease of each key
-- ARGV channel, head, body
-- the sequence before, and its own
for index = 2, #KEYS, 2 do
  redis.call('UNLINK', KEYS[index + 1])
  if is_entry(get(KEYS[index])) then redis.call('SETRANGE', KEYS[index], 3, '\1') end
end
redis.call('UNLINK', KEYS[1] .. '~')
return (announce(KEYS[1], ARGV[1], ARGV[2], ARGV[3]))
