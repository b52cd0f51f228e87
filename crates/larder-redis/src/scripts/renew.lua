-- KEYS lease
-- ARGV name, hold in ms
-- 1 if it was held
if not is_held(KEYS[1], ARGV[1]) then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
