-- KEYS lease
-- ARGV name
if is_held(KEYS[1], ARGV[1]) then redis.call('UNLINK', KEYS[1]) end
return 0
