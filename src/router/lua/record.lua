-- record: fold one call's outcome into its target's breaker. The same rule as breaker.ts; a property test compares them.
-- KEYS 1 keyring | 2 the called target | 3.. targets to report   (all {router})
-- ARGV 1 nowMs, 0: Redis's clock | 2 random 0..1 | 3 rules, JSON | 4 kind: ok failed limited gone auth neutral
--      5 ms that limited, gone and auth last, and that a failed call asked to be left alone | 6 probe's token or "" | 7 key's field in the keyring
--      8 ms that the call took
-- RETURNS {nowMs, 0, keyring hash, target hash...}
--- @include "now"
--- @include "snapshot"
local now, rules = current(ARGV[1]), cjson.decode(ARGV[3])
local random, kind, ms, token = tonumber(ARGV[2]), ARGV[4], tonumber(ARGV[5]), ARGV[6]
local target = KEYS[2]
local function number(field) return tonumber(redis.call("HGET", target, field) or "0") end
local state = redis.call("HGET", target, "state") or "closed"
local probe = redis.call("HGET", target, "probe") or ""
local probing = state == "half_open" and token ~= "" and token == probe

local function buckets(fold)
  local found = redis.call("HGETALL", target)
  for i = 1, #found, 2 do
    local mark, bucket = string.match(found[i], "^([of]):(%d+)$")
    if mark then fold(found[i], mark, tonumber(bucket), tonumber(found[i + 1])) end
  end
end

local function open(previousMs)
  local openMs = rules.firstOpenMs
  if previousMs > 0 then openMs = math.min(previousMs * 2, rules.longestOpenMs) end
  local ends = now + math.floor(openMs * (1 + rules.jitter * (2 * random - 1)))
  buckets(function(field) redis.call("HDEL", target, field) end)
  redis.call("HSET", target, "state", "open", "openMs", openMs, "until", math.max(ends, number("until")), "probe", "", "probeUntil", 0)
end

local function count(mark)
  local oldest, ok, failed = math.floor((now - rules.windowMs) / rules.bucketMs), 0, 0
  redis.call("HINCRBY", target, mark .. ":" .. math.floor(now / rules.bucketMs), 1)
  buckets(function(field, which, bucket, calls)
    if bucket <= oldest then redis.call("HDEL", target, field)
    elseif which == "o" then ok = ok + calls
    else failed = failed + calls end
  end)
  if mark == "f" and failed >= rules.leastFailed and failed > ok then
    local closedAt = number("closedAt")
    open((closedAt > 0 and now - closedAt < rules.rampMs) and number("openMs") or 0)
  end
end

if probing then
  if kind == "ok" then
    buckets(function(field) redis.call("HDEL", target, field) end)
    redis.call("HSET", target, "state", "closed", "closedAt", now, "until", 0, "probe", "", "probeUntil", 0)
  elseif kind == "failed" then
    open(number("openMs"))
  else
    redis.call("HSET", target, "state", "open", "probe", "", "probeUntil", 0)
  end
elseif state == "closed" and now - tonumber(ARGV[8]) >= number("closedAt") then
  if kind == "ok" then count("o") elseif kind == "failed" then count("f") end
end
local function extend(field) redis.call("HSET", target, field, math.max(number(field), now + ms)) end
if kind == "limited" or (kind == "failed" and ms > 0) then extend("limitedUntil") elseif kind == "gone" then extend("goneUntil") end
if kind == "auth" then
  redis.call("HSET", KEYS[1], ARGV[7], math.max(tonumber(redis.call("HGET", KEYS[1], ARGV[7]) or "0"), now + ms))
  redis.call("PEXPIRE", KEYS[1], 172800000)
end
-- Two days: longer than any deadline above. A target that nobody calls any more goes away by itself.
redis.call("PEXPIRE", target, 172800000)
return snapshot(now, 0, KEYS[1], 3)
