-- plan_release: a claimed plan whose run was refused is pending again.
-- KEYS 1 plan
-- ARGV 1 epoch ms at which it is forgotten
-- RETURNS {"done"} | {"kept"}
local state, run = unpack(redis.call('HMGET', KEYS[1], 'state', 'run'))
if state ~= 'executing' or run then return { 'kept' } end
redis.call('HSET', KEYS[1], 'state', 'pending')
redis.call('HDEL', KEYS[1], 'executeKey')
redis.call('PEXPIREAT', KEYS[1], ARGV[1])
return { 'done' }
