-- report: count a call that its caller made itself, once: its outcome, its place in the limits, the sums of the day.
-- KEYS 1 what says that it was counted | 2 sums of the day | 3.. see outcome    (all {router})
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
redis.call("SET", KEYS[1], ARGV[4] .. "|" .. ARGV[5], "EX", ARGV[6])
take_outcomes(3, cjson.decode(ARGV[3]), current(ARGV[1]), cjson.decode(ARGV[2]))
for _, sum in ipairs(cjson.decode(ARGV[8])) do redis.call("HINCRBY", KEYS[2], sum[1], string.format("%.0f", sum[2])) end
redis.call("EXPIRE", KEYS[2], ARGV[7])
return { "counted", ARGV[4] }
