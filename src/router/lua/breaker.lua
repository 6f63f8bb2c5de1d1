-- breaker: fold one call's outcome into its target's health; the same rule as breaker.ts and latency.ts. A property test compares them.
-- health: see health | calls: calls by outcome and bucket of time, `o:BUCKET` answered, `f:BUCKET` failed | call: kind, ms, token, durationMs, random, latencyMs
-- RETURNS the calls
local function open(health, previous_ms, call, now, rules)
  local open_ms = rules.firstOpenMs
  if previous_ms > 0 then open_ms = math.min(previous_ms * 2, rules.longestOpenMs) end
  local ends = now + math.floor(open_ms * (1 + rules.jitter * (2 * call.random - 1)))
  health.state, health.openMs, health["until"] = "open", open_ms, math.max(ends, health["until"])
  health.probe, health.probeUntil = "", 0
  return {}
end

local function after_probe(health, calls, call, now, rules)
  if call.kind == "failed" then return open(health, health.openMs, call, now, rules) end
  health.probe, health.probeUntil = "", 0
  if call.kind == "ok" then
    health.state, health.closedAt, health["until"] = "closed", now, 0
    return {}
  end
  health.state = "open"
  return calls
end

local function after_call(health, calls, call, now, rules)
  local kind = call.kind
  if health.state ~= "closed" or (kind ~= "ok" and kind ~= "failed") then return calls end
  if now - call.durationMs < health.closedAt then return calls end
  local oldest, sums = math.floor((now - rules.windowMs) / rules.bucketMs), { o = 0, f = 0 }
  local field = string.format("%s:%.0f", kind == "ok" and "o" or "f", math.floor(now / rules.bucketMs))
  calls[field] = (calls[field] or 0) + 1
  for name, count in pairs(calls) do
    local mark = string.sub(name, 1, 1)
    if tonumber(string.sub(name, 3)) <= oldest then calls[name] = nil else sums[mark] = sums[mark] + count end
  end
  if kind ~= "failed" or sums.f < rules.leastFailed or sums.f <= sums.o then return calls end
  local same_outage = health.closedAt > 0 and now - health.closedAt < rules.rampMs
  return open(health, same_outage and health.openMs or 0, call, now, rules)
end

local function fold(health, calls, call, now, rules)
  local probing = health.state == "half_open" and call.token ~= "" and call.token == health.probe
  calls = (probing and after_probe or after_call)(health, calls, call, now, rules)
  if call.kind == "limited" or (call.kind == "failed" and call.ms > 0) then
    health.limitedUntil = math.max(health.limitedUntil, now + call.ms)
  elseif call.kind == "gone" then
    health.goneUntil = math.max(health.goneUntil, now + call.ms)
  end
  if call.latencyMs then
    local last = health.latency
    local folded = last and last + rules.latencyWeight * (call.latencyMs - last) or call.latencyMs
    health.latency = math.floor(folded * 1000 + 0.5) / 1000
    health.latencyAt = now
  end
  return calls
end
