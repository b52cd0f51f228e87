-- KEYS layout, then two of which nothing remains
-- ARGV the layout of this build
-- the layout that is there; it is this build's if there was none
redis.call('UNLINK', KEYS[2], KEYS[3])
-- Whoever may do all of this may do what the other scripts do.
micros()
redis.call('SET', KEYS[2], 'check', 'PX', 1000)
redis.call('SETRANGE', KEYS[2], 3, 'c')
-- Elsewhere one that may not be sent would look like a key that is not there.
redis.call('GET', KEYS[2])
redis.call('PEXPIRE', KEYS[2], 1000)
redis.call('PTTL', KEYS[2])
redis.call('TYPE', KEYS[2])
redis.call('UNLINK', KEYS[2])
redis.call('HSET', KEYS[2], 'check', '1')
redis.call('HGETALL', KEYS[2])
redis.call('ZADD', KEYS[3], 1, 'check')
redis.call('ZCARD', KEYS[3])
redis.call('ZCOUNT', KEYS[3], '(0', '+inf')
redis.call('ZSCORE', KEYS[3], 'check')
redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')
redis.call('ZRANGEBYSCORE', KEYS[3], '(0', '+inf', 'WITHSCORES')
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', 0)
redis.call('ZREMRANGEBYRANK', KEYS[3], 5, 5)
redis.call('ZREM', KEYS[3], 'check')
redis.call('UNLINK', KEYS[2], KEYS[3])
local found = get(KEYS[1])
if found then return found end
redis.call('SET', KEYS[1], ARGV[1])
return ARGV[1]
