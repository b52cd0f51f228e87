-- KEYS value, lease, version
-- ARGV name, entry, ttl in ms
-- 0 overtaken; 1 stored; 3 outdated
if not is_held(KEYS[2], ARGV[1]) then return 0 end
local version = version_of(ARGV[2])
if version ~= NO_VERSION and is_less(version, newest(get(KEYS[1]), KEYS[3])) then
  redis.call('UNLINK', KEYS[2])
  return 3
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('UNLINK', KEYS[2])
return 1
