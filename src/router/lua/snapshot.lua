-- snapshot: the answer to a question about the fleet.
-- KEYS from `k` keyring | routing | [counter] | [binding] | health of each target... | use and leases of each name...
-- ARGV from `a` routing version that the caller knows | "1": draw the counter | "1": look at the binding | number of targets
-- RETURNS {nowMs, counter or 0, keyring hash, routing version, its overrides or "" if known, binding or "", healths, uses, calls under way};
--         the last three with a line for each: JSON or nothing, JSON or nothing, a number. One text is read faster than many.
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
  local function texts(first, last, step)
    local keys = {}
    for i = first, last, step do keys[#keys + 1] = KEYS[i] end
    local found = #keys > 0 and redis.call("MGET", unpack(keys)) or {}
    for i = 1, #found do found[i] = found[i] or "" end
    return found
  end
  local after = next_key + tonumber(ARGV[a + 3])
  local healths, uses, under_way = texts(next_key, after - 1, 1), texts(after, #KEYS, 2), {}
  for i = 1, #uses do
    local use, leases = KEYS[after + 2 * i - 2], KEYS[after + 2 * i - 1]
    uses[i] = sweep_leases(uses[i], use, leases, now)
    under_way[i] = redis.call("ZCARD", leases)
  end
  return { now, counter, redis.call("HGETALL", keyring), version, overrides, bound,
    table.concat(healths, "\n"), table.concat(uses, "\n"), table.concat(under_way, "\n") }
end
