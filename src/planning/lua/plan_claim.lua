-- plan_claim: from now on the plan is executed; it is done once. It is not forgotten any more.
-- KEYS 1 plan
-- ARGV 1 version that is meant, or "" | 2 key of who asks, or "" | 3 now ms | 4 who asks
-- RETURNS {"done"} | {"missing"} | {"stale", version} | {"expired", ms} | {"cancelled", ""} | {"executing", run or "", key of who asked}
--- @include "pending"
local refused = refusal(KEYS[1], ARGV[1], ARGV[3])
if refused then
  if refused[1] == 'executing' then refused[3] = redis.call('HGET', KEYS[1], 'executeKey') or '' end
  return refused
end
redis.call('HSET', KEYS[1], 'state', 'executing', 'executeKey', ARGV[2], 'executedBy', ARGV[4])
redis.call('PERSIST', KEYS[1])
return { 'done' }
