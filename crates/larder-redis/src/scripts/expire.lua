-- KEYS sequence, then value and lease of each key
-- ARGV channel, head, body
-- the sequence before, and its own
for index = 2, #KEYS, 2 do
  redis.call('UNLINK', KEYS[index + 1])
  local value = get(KEYS[index])
  if is_entry(value) then
    redis.call('SETRANGE', KEYS[index], 3, '\1')
  elseif value then
    -- It has no place for the mark, and would be served as if nothing had been said.
    redis.call('UNLINK', KEYS[index])
  end
end
redis.call('UNLINK', KEYS[1] .. '~')
return (announce(KEYS[1], ARGV[1], ARGV[2], ARGV[3]))
