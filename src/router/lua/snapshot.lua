-- snapshot: the answer to a question about the fleet.
-- KEYS from `k` keyring | routing | [counter] | [binding] | health of each target... | use and leases of each name...
-- ARGV from `a` routing version that the caller knows | "1": draw the counter | "1": look at the binding | number of targets | number of names
-- RETURNS one text, which is read faster than many; number of the next key. A line each: nowMs, counter or 0, routing version, its overrides or "" if known, binding or "";
--         health of each target, JSON or ""; use of each name, JSON or ""; calls under way of each name; key and value of each entry of the keyring
--- @include "use"
local function snapshot(now, k, a)
  local keyring, routing, first = KEYS[k], KEYS[k + 1], k + 2
  local version = redis.call("HGET", routing, "version") or "0"
  local lines = { now, 0, version, version ~= ARGV[a] and redis.call("HGET", routing, "overrides") or "", "" }
  local count = #lines
  local function add_lines(texts)
    for i = 1, #texts do lines[count + i] = texts[i] or "" end
    count = count + #texts
  end
  if ARGV[a + 1] == "1" then
    lines[2] = redis.call("INCR", KEYS[first])
    first = first + 1
  end
  if ARGV[a + 2] == "1" then
    lines[5] = redis.call("MGET", KEYS[first])[1] or ""
    first = first + 1
  end
  local after = first + tonumber(ARGV[a + 3])
  if after > first then add_lines(redis.call("MGET", unpack(KEYS, first, after - 1))) end
  local uses, under_way, ends = {}, {}, after + 2 * tonumber(ARGV[a + 4])
  for i = after, ends - 1, 2 do
    uses[#uses + 1] = sweep_leases(redis.call("MGET", KEYS[i])[1] or "", KEYS[i], KEYS[i + 1], now)
    under_way[#uses] = redis.call("ZCARD", KEYS[i + 1])
  end
  add_lines(uses)
  add_lines(under_way)
  add_lines(redis.call("HGETALL", keyring))
  return table.concat(lines, "\n"), ends
end
