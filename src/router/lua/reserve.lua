-- reserve: book a call about to be made on its provider and its key, if it fits into the limits of both. The same rule as limits.ts.
-- KEYS use and leases of the provider | [use and leases of its key]      (all {router})
-- ARGV 1 nowMs, 0: Redis's clock | 2 rules, JSON | 3 tokens | 4 billionths of a USD | 5 the call's token
--      6 JSON array, for each name: {concurrency, requestsPerMinute, tokensPerMinute, nanoUsdPerDay}, only those that there are
-- RETURNS {"booked", nowMs} | {"full", nowMs, number of the name, limit, epoch ms of the next chance}
--- @include "now"
--- @include "use"
local now, rules, limits = current(ARGV[1]), cjson.decode(ARGV[2]), cjson.decode(ARGV[6])
local tokens, nano = tonumber(ARGV[3]), tonumber(ARGV[4])
local bucket, day = math.floor(now / rules.bucketMs), math.floor(now / dayMs)

-- When so much of the window has passed that no more than `most` of it counts.
local function room_at(counts, most)
  local left, buckets = 0, {}
  for at, count in pairs(counts) do
    left = left + count
    buckets[#buckets + 1] = tonumber(at)
  end
  if left <= most then return now end
  table.sort(buckets)
  for _, at in ipairs(buckets) do
    left = left - counts[string.format("%.0f", at)]
    if left <= most then return (at + rules.windowMs / rules.bucketMs) * rules.bucketMs end
  end
  return now + rules.windowMs
end

local function full_at(use, leases_key, most)
  if most.concurrency and redis.call("ZCARD", leases_key) >= most.concurrency then return "concurrency", now + rules.busyMs end
  if most.requestsPerMinute then
    local at = room_at(use.requests, most.requestsPerMinute - 1)
    if at > now then return "requestsPerMinute", at end
  end
  if most.tokensPerMinute then
    -- A call that is larger than the whole limit goes when nothing else was used: otherwise it could never go.
    local at = room_at(use.tokens, math.max(0, most.tokensPerMinute - tokens))
    if at > now then return "tokensPerMinute", at end
  end
  if most.nanoUsdPerDay and (use.nanoUsd[string.format("%.0f", day)] or 0) + nano > most.nanoUsdPerDay then
    return "usdPerDay", (day + 1) * dayMs
  end
end

local uses = {}
for i = 1, #KEYS / 2 do
  uses[i] = load_use(KEYS[2 * i - 1], KEYS[2 * i], now, rules)
  local limit, at = full_at(uses[i], KEYS[2 * i], limits[i])
  if limit then return { "full", now, i, limit, at } end
end
local lease = string.format("%s|%.0f|%.0f|%.0f|%.0f", ARGV[5], bucket, tokens, day, nano)
for i, use in ipairs(uses) do
  add(use.requests, bucket, 1)
  add(use.tokens, bucket, tokens)
  add(use.nanoUsd, day, nano)
  save(KEYS[2 * i - 1], use)
  redis.call("ZADD", KEYS[2 * i], now + rules.leaseMs, lease)
  redis.call("PEXPIRE", KEYS[2 * i], keptMs)
end
return { "booked", now }
