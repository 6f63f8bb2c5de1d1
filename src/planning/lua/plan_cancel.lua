-- plan_cancel: a pending plan is never executed.
-- KEYS 1 plan
-- ARGV 1 who, and why: JSON | 2 now ms
-- RETURNS {"done"} | {"missing"} | {"expired", ms} | {"cancelled", ""} | {"executing", run or ""}
--- @include "pending"
local refused = refusal(KEYS[1], '', ARGV[2])
if refused then return refused end
redis.call('HSET', KEYS[1], 'state', 'cancelled', 'ended', ARGV[1])
return { 'done' }
