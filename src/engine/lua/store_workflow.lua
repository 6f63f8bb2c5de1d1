-- store_workflow: keep a definition under the next version of its name, unless one of the same content is there.
-- KEYS 1 workflow | 2 names of all workflows                  (both {workflows})
-- ARGV 1 name | 2 content hash | 3 definition
-- RETURNS its version
local known = redis.call('HGET', KEYS[1], 'hash:' .. ARGV[2])
if known then return known end
local version = redis.call('HINCRBY', KEYS[1], 'latest', 1)
redis.call('HSET', KEYS[1], 'v' .. version, ARGV[3], 'hash:' .. ARGV[2], version)
redis.call('SADD', KEYS[2], ARGV[1])
return version
