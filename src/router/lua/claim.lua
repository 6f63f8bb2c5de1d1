-- claim: take or renew the one probe of a target whose breaker's time is over.
-- KEYS 1 target                                          ({router})
-- ARGV 1 nowMs, 0: Redis's clock | 2 token | 3 leaseMs
-- RETURNS "claimed" | "held" (another probes, or its time is not over) | "closed" (no probe needed)
--- @include "now"
local now = current(ARGV[1])
local found = redis.call("HMGET", KEYS[1], "state", "until", "probe", "probeUntil")
local state = found[1] or "closed"
if state == "closed" then return "closed" end
local free
if state == "open" then
  free = now >= tonumber(found[2] or "0")
else
  free = found[3] == ARGV[2] or now >= tonumber(found[4] or "0")
end
if not free then return "held" end
redis.call("HSET", KEYS[1], "state", "half_open", "probe", ARGV[2], "probeUntil", now + tonumber(ARGV[3]))
return "claimed"
