-- snapshot: the answer to a question about the fleet.
-- KEYS from `k` keyring | routing | [counter] | [binding] | health of each target... | use and leases of each name...
-- ARGV from `a` routing version that the caller knows | "1": draw the counter | "1": look at the binding | number of targets
-- RETURNS {nowMs, counter or 0, keyring hash, routing version, its overrides or "" if known, binding or "", health, uses}; the last two are JSON arrays,
--         of a health or null and of [use or null, calls under way]
--- @include "use"
local function snapshot(now, k, a)
  local keyring, routing = KEYS[k], KEYS[k + 1]
  local next_key = k + 2
  local function key()
    next_key = next_key + 1
    return KEYS[next_key - 1]
  end
  local version = tonumber(redis.call("HGET", routing, "version") or "0")
  local overrides = version ~= tonumber(ARGV[a]) and redis.call("HGET", routing, "overrides") or ""
  local counter = ARGV[a + 1] == "1" and redis.call("INCR", key()) or 0
  local bound = ARGV[a + 2] == "1" and redis.call("MGET", key())[1] or ""
  local first, healths, uses = next_key, {}, {}
  local after = first + tonumber(ARGV[a + 3])
  if after > first then healths = redis.call("MGET", unpack(KEYS, first, after - 1)) end
  for i = 1, #healths do healths[i] = healths[i] or "null" end
  for i = after, #KEYS, 2 do
    local text = sweep_leases(redis.call("MGET", KEYS[i])[1], KEYS[i], KEYS[i + 1], now)
    uses[#uses + 1] = "[" .. (text or "null") .. "," .. redis.call("ZCARD", KEYS[i + 1]) .. "]"
  end
  return { now, counter, redis.call("HGETALL", keyring), version, overrides, bound,
    "[" .. table.concat(healths, ",") .. "]", "[" .. table.concat(uses, ",") .. "]" }
end
