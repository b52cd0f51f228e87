-- KEYS value, lease, version
-- ARGV name, header, ttl in ms
-- 0 overtaken; 1 stored; 2 vanished; 3 outdated
if not is_held(KEYS[2], ARGV[1]) then return 0 end
local value = get(KEYS[1])
if not is_entry(value) or #value < #ARGV[2] then
  redis.call('UNLINK', KEYS[2])
  return 2
end
local entry = ARGV[2] .. string.sub(value, #ARGV[2] + 1)
local version = version_of(entry)
if version ~= NO_VERSION and is_less(version, newest(value, KEYS[3])) then
  redis.call('UNLINK', KEYS[2])
  return 3
end
redis.call('SET', KEYS[1], entry, 'PX', ARGV[3])
redis.call('UNLINK', KEYS[2])
return 1
