-- health: a target's breaker and deadlines, as breaker.ts has them. What is 0 or empty is left out; so it is short to read.
--- @include "text"
local function load_health(key)
  local found = load(key)
  local health = { state = found.state or "closed", probe = found.probe or "", latency = found.latency, latencyAt = found.latencyAt }
  for _, field in ipairs({ "until", "openMs", "closedAt", "probeUntil", "limitedUntil", "goneUntil" }) do health[field] = found[field] or 0 end
  return health
end
local function save_health(key, health)
  local kept = {}
  for field, value in pairs(health) do
    if value ~= 0 and value ~= "" then kept[field] = value end
  end
  -- The latency may be 0.
  kept.latency = health.latency
  return save(key, kept)
end
