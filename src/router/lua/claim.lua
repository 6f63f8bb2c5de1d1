-- claim: take or renew the one probe of a target whose breaker's time is over. The same rule as breaker.ts.
-- KEYS 1 the target's health                             ({router})
-- ARGV 1 nowMs, 0: Redis's clock | 2 token | 3 leaseMs
-- RETURNS "claimed" | "held" (another probes, or its time is not over) | "closed" (no probe needed)
--- @include "now"
--- @include "health"
local now, token = current(ARGV[1]), ARGV[2]
local health = load_health(KEYS[1])
if health.state == "closed" then return "closed" end
local free
if health.state == "open" then
  free = now >= health["until"]
else
  free = health.probe == token or now >= health.probeUntil
end
if not free then return "held" end
health.state, health.probe, health.probeUntil = "half_open", token, now + tonumber(ARGV[3])
save_health(KEYS[1], health)
return "claimed"
