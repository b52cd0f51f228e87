-- KEYS the sequences of all chains
-- ARGV the channel of who asks, what goes before the sequences
-- Announces where every chain stands. Whoever hears it has been sent all notices up to there before.

-- A server that is no master refuses a write, even one that does nothing; and what it knows is not the latest.
redis.call('UNLINK', KEYS[1] .. '~')
-- What is no sequence counts as none, here as where the next one is made of it.
local time = redis.call('TIME')
local most = time[1] * 1000000 + time[2] + 86400000000
local message = {ARGV[2]}
for index, found in ipairs(redis.call('MGET', unpack(KEYS))) do
  local sequence = tonumber(found or '0') or 0
  if sequence < 0 or sequence > most then sequence = 0 end
  message[index + 1] = struct.pack('<I8', math.floor(sequence))
end
redis.call('PUBLISH', ARGV[1], table.concat(message))
return #KEYS
