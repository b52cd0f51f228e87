-- KEYS sequence, value, lease, version
-- ARGV channel, head, body, version (8 bytes), for how many ms it is remembered
-- the sequence before, and its own
redis.call('UNLINK', KEYS[2], KEYS[3])
if ARGV[4] ~= NO_VERSION then remember(KEYS[4], ARGV[4], tonumber(ARGV[5])) end
return (announce(KEYS[1], ARGV[1], ARGV[2], ARGV[3]))
