-- outcome: what a call's outcome changes: its target's health, its booking, the known targets, the keyring. record and report share it.
-- KEYS from `k` health of the called target | its calls | known targets | [use and leases of the provider, and of its key]
-- call: id of the target, kind, ms, token, durationMs, random, latencyMs, keyField, settle {id, bucket, day, tokens, nanoUsd: of the lease; actualTokens,
--       actualNanoUsd; requests: it was not booked, and counts as so many}, names (booked, with settle)
--- @include "health"
--- @include "breaker"
--- @include "use"
-- A lease that is over by now has given back its reservation: what was used is booked alone.
local function settle(use_key, leases_key, lease, now, rules)
  local use = load_use(use_key, leases_key, now, rules)
  local held = redis.call("ZREM", leases_key, lease.id)
  if lease.requests then add(use.requests, lease.bucket, lease.requests) end
  add(use.tokens, lease.bucket, lease.actualTokens - held * lease.tokens)
  add(use.nanoUsd, lease.day, lease.actualNanoUsd - held * lease.nanoUsd)
  save(use_key, use)
end

-- RETURNS the target's health and its calls, JSON; number of the next key
local function take_outcome(k, call, now, rules)
  local health, calls = load_health(KEYS[k]), load(KEYS[k + 1])
  calls = fold(health, calls, call, now, rules)
  local health_text, calls_text = save_health(KEYS[k], health), save(KEYS[k + 1], calls)
  local following = k + 3
  if call.settle then
    for _ = 1, call.names do
      settle(KEYS[following], KEYS[following + 1], call.settle, now, rules)
      following = following + 2
    end
  end
  local known = KEYS[k + 2]
  if redis.call("SADD", known, call.id) == 1 and redis.call("SCARD", known) > 1000 then
    -- Hints may name any model: those whose health has gone away are known no longer.
    for _, id in ipairs(redis.call("SMEMBERS", known)) do
      if redis.call("EXISTS", string.sub(KEYS[k], 1, -1 - #call.id) .. id) == 0 then redis.call("SREM", known, id) end
    end
  end
  redis.call("PEXPIRE", known, keptMs)
  return health_text, calls_text, following
end

local function refuse_key(keyring, call, now)
  if call.kind ~= "auth" then return end
  redis.call("HSET", keyring, call.keyField, math.max(tonumber(redis.call("HGET", keyring, call.keyField) or "0"), now + call.ms))
  redis.call("PEXPIRE", keyring, keptMs)
end
