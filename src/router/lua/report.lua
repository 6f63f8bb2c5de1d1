-- report: count a call that its caller made itself, once: its outcome, its place in the limits, the sums of the day.
-- KEYS 1 what says that it was counted | 2 sums of the day | 3 keyring | 4 health of the called target | 5 its calls | 6 known targets
--      | [use and leases of the provider, and of its key]              (all {router})
-- ARGV 1 nowMs, 0: Redis's clock | 2 rules, JSON | 3 the call, JSON: see outcome | 4 the report's id | 5 digest of its content
--      | 6 seconds for which it is remembered | 7 seconds for which sums are kept | 8 sums, JSON: {field, more} each
-- RETURNS {"counted", id} | {"again", id, digest of the first one}
--- @include "now"
--- @include "outcome"
local earlier = redis.call("MGET", KEYS[1])[1]
if earlier then
  local id, digest = string.match(earlier, "^([^|]*)|(.*)$")
  return { "again", id, digest }
end
local now, rules, call = current(ARGV[1]), cjson.decode(ARGV[2]), cjson.decode(ARGV[3])
redis.call("SET", KEYS[1], ARGV[4] .. "|" .. ARGV[5], "EX", ARGV[6])
if call.settle and not call.settle.bucket then
  call.settle.bucket, call.settle.day = math.floor(now / rules.bucketMs), math.floor(now / dayMs)
end
take_outcome(4, call, now, rules)
refuse_key(KEYS[3], call, now)
for _, sum in ipairs(cjson.decode(ARGV[8])) do redis.call("HINCRBY", KEYS[2], sum[1], string.format("%.0f", sum[2])) end
redis.call("EXPIRE", KEYS[2], ARGV[7])
return { "counted", ARGV[4] }
