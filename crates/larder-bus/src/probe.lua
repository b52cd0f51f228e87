-- KEYS the sequences of all chains
-- ARGV the channel of who asks, what goes before the sequences
-- Announces where every chain stands. Whoever hears it has been sent all notices up to there before.

-- A server that is no master refuses a write, even one that does nothing; and what it knows is not the latest.
redis.call('UNLINK', KEYS[1] .. '~')
local message = {ARGV[2]}
for index, sequence in ipairs(redis.call('MGET', unpack(KEYS))) do
  message[index + 1] = struct.pack('<I8', tonumber(sequence or '0') or 0)
end
redis.call('PUBLISH', ARGV[1], table.concat(message))
return #KEYS
