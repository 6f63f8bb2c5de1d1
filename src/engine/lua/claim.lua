-- claim: bind an idempotency key to a run id and the hash of its request, unless it is bound.
-- KEYS 1 key
-- ARGV 1 run id | 2 request hash | 3 lifetime in ms
-- RETURNS {run id, request hash} that the key is bound to now
local bound = redis.call('HMGET', KEYS[1], 'run', 'hash')
if bound[1] then return bound end
redis.call('HSET', KEYS[1], 'run', ARGV[1], 'hash', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return { ARGV[1], ARGV[2] }
