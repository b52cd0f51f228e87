-- KEYS value, lease, guards
-- ARGV name, hold in ms, need_birth, birth (8 bytes), mode (miss, replace, any), identity
-- 0 granted; 1 found, and the value; 2 busy, and for how many ms; 3 quarantined
local name, hold, need_birth, mode = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[5]
if is_guarded(KEYS[3]) then return {3} end
local value = get(KEYS[1])
if mode ~= 'any' and is_entry(value) and birth_of(value) >= need_birth then
  if mode == 'miss' or string.sub(value, 5, 64) ~= ARGV[6] then return {1, value} end
end
local holder, birth = lease_of(KEYS[2])
if holder == name then
  -- Asked again, since the answer was lost. What is left is never cut.
  if redis.call('PTTL', KEYS[2]) < hold then redis.call('PEXPIRE', KEYS[2], hold) end
  return {0}
end
-- What would last longer than any lease is left from before the clock was turned back. Who held it has not renewed it since.
local left = redis.call('PTTL', KEYS[2])
if holder and birth >= need_birth and left <= 2 * hold then return {2, left} end
redis.call('SET', KEYS[2], name .. ARGV[4], 'PX', hold)
return {0}
