-- snapshot: what is known of keys and targets, as flat hashes.
-- RETURNS {nowMs, counter, keys hash, target hash...}; target hashes start at KEYS[first]
local function snapshot(now, counter, keyring, first)
  local found = { now, counter, redis.call("HGETALL", keyring) }
  for i = first, #KEYS do found[#found + 1] = redis.call("HGETALL", KEYS[i]) end
  return found
end
