-- plan_change: store a plan's next version.
-- KEYS 1 plan
-- ARGV 1 version that it is made for | 2 next version | 3 its content | 4 token of the change | 5 now ms | 6 oldest version that is kept
-- RETURNS {"done"} | {"missing"} | {"stale", version} | {"expired", ms} | {"executing" or "cancelled", run or ""}
--- @include "pending"
-- The command came before, and its answer was lost.
if redis.call('HGET', KEYS[1], 'token') == ARGV[4] then return { 'done' } end
local refused = refusal(KEYS[1], ARGV[1], ARGV[5])
if refused then return refused end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'v' .. ARGV[2], ARGV[3], 'current', ARGV[3], 'token', ARGV[4])
redis.call('HDEL', KEYS[1], 'v' .. (tonumber(ARGV[6]) - 1))
return { 'done' }
