-- delete_workflow: take a workflow's name out of use. Its versions stay: runs that have ended are shown by them, and the next one that is stored gets the next number.
-- KEYS 1 workflow | 2 names of all workflows                  (both {workflows})
-- ARGV 1 name
-- RETURNS "deleted" | "missing"
local latest = redis.call('HGET', KEYS[1], 'latest')
if not latest then return 'missing' end
redis.call('HSET', KEYS[1], 'last', latest)
redis.call('HDEL', KEYS[1], 'latest')
redis.call('SREM', KEYS[2], ARGV[1])
return 'deleted'
