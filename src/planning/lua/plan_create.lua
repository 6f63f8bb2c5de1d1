-- plan_create: store a new plan, unless it is there.
-- KEYS 1 plan | 2 the tenant's plans            (both {plans:TENANT})
-- ARGV 1 id | 2 head | 3 first version | 4 createdAt ms | 5 expiresAt ms | 6 epoch ms at which it is forgotten
-- RETURNS {"done"} | {"exists"}
if redis.call('EXISTS', KEYS[1]) == 1 then return { 'exists' } end
redis.call('HSET', KEYS[1], 'state', 'pending', 'version', 1, 'head', ARGV[2], 'v1', ARGV[3], 'current', ARGV[3], 'expiresAt', ARGV[5])
redis.call('PEXPIREAT', KEYS[1], ARGV[6])
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
return { 'done' }
