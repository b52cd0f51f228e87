-- KEYS sequence, value, lease, version, guards
-- ARGV channel, head, body, version (8 bytes), entry, ttl in ms
-- 1 stored, the sequence before, and its own; 2 outdated; 3 foreign
local version, entry, ttl = ARGV[4], ARGV[5], tonumber(ARGV[6])
local value = get(KEYS[2])
if is_entry(value) then
  local layout, own_layout = string.byte(value, 3), string.byte(entry, 3)
  local schema, own_schema = struct.unpack('<I2', value, 49), struct.unpack('<I2', entry, 49)
  if layout > own_layout or layout == own_layout and schema > own_schema then return {3} end
end
if is_less(version, newest(value, KEYS[4])) then return {2} end
if is_guarded(KEYS[5]) then
  -- Its writer may have died before the write or after it. That the value is at least this old is sure.
  remember(KEYS[4], version, ttl)
  return {2}
end
redis.call('SET', KEYS[2], entry, 'PX', ttl)
redis.call('UNLINK', KEYS[3])
remember(KEYS[4], version, ttl)
local announced = announce(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
return {1, announced[1], announced[2]}
