-- store_workflow: keep a definition under the next version of its name, unless one of the same content is there. One that was deleted is in use again.
-- KEYS 1 workflow | 2 names of all workflows                  (both {workflows})
-- ARGV 1 name, or '' for a block, which is not among the names | 2 content hash | 3 definition
-- RETURNS its version
if ARGV[1] ~= '' then redis.call('SADD', KEYS[2], ARGV[1]) end
local last = redis.call('HGET', KEYS[1], 'last')
if last then
  redis.call('HSET', KEYS[1], 'latest', last)
  redis.call('HDEL', KEYS[1], 'last')
end
local known = redis.call('HGET', KEYS[1], 'hash:' .. ARGV[2])
if known then return known end
local version = redis.call('HINCRBY', KEYS[1], 'latest', 1)
local clock = redis.call('TIME')
local now = clock[1] .. string.format('%03d', math.floor(tonumber(clock[2]) / 1000))
redis.call('HSET', KEYS[1], 'v' .. version, ARGV[3], 'hash:' .. ARGV[2], version, 'at:' .. version, now)
return version
