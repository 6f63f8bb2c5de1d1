-- report: count a call that its caller made itself, once: its outcome, its place in the limits, the sums of the day.
-- KEYS 1 what says that it was counted | 2 sums of the day | 3 what says that its context has moved health | 4.. see outcome    (all {router})
-- ARGV 1 nowMs, 0: Redis's clock | 2 rules, JSON | 3 the call, JSON: see outcome | 4 the report's id | 5 digest of its content
--      | 6 seconds for which it is remembered | 7 seconds for which sums are kept | 8 sums, JSON: {field, more} each
--      | 9 "once": it moves health only if no report of its context has
-- RETURNS {"counted", id} | {"again", id, digest of the first one}
--- @include "now"
--- @include "outcome"
local earlier = redis.call("MGET", KEYS[1])[1]
if earlier then
  local id, digest = string.match(earlier, "^([^|]*)|(.*)$")
  return { "again", id, digest }
end
redis.call("SET", KEYS[1], ARGV[4] .. "|" .. ARGV[5], "EX", ARGV[6])
local batch = cjson.decode(ARGV[3])
if ARGV[9] == "once" and not redis.call("SET", KEYS[3], ARGV[4], "NX", "EX", ARGV[6]) then
  for _, call in ipairs(batch.ended) do call.kind, call.ms, call.latencyMs = "neutral", 0, nil end
end
take_outcomes(4, batch, current(ARGV[1]), cjson.decode(ARGV[2]))
for _, sum in ipairs(cjson.decode(ARGV[8])) do redis.call("HINCRBY", KEYS[2], sum[1], string.format("%.0f", sum[2])) end
redis.call("EXPIRE", KEYS[2], ARGV[7])
return { "counted", ARGV[4] }
