-- record: fold one call's outcome into its target's health, settle its booking, bind its run; then answer a question about the fleet.
-- KEYS 1 health of the called target | 2 its calls | 3 known targets | [use and leases of the provider, and of its key] | [binding] | question's, see snapshot
--                                                        (all {router})
-- ARGV 1 nowMs, 0: Redis's clock | 2 rules, JSON | 3 the call, JSON: id of the target, kind, ms, token, durationMs, random, latencyMs, keyField,
--      settle {id, bucket, day, tokens, nanoUsd: of the lease; actualTokens, actualNanoUsd}, names (booked, with settle), bind (provider) | 4.. question's
-- RETURNS see snapshot; `more`: the target's health and its calls, JSON
--- @include "now"
--- @include "health"
--- @include "breaker"
--- @include "snapshot"
local now, rules, call = current(ARGV[1]), cjson.decode(ARGV[2]), cjson.decode(ARGV[3])
local health, calls = load_health(KEYS[1]), load(KEYS[2])
calls = fold(health, calls, call, now, rules)
local health_text, calls_text = save_health(KEYS[1], health), save(KEYS[2], calls)

-- A lease that is over by now has given back its reservation: what was used is booked alone.
local function settle(use_key, leases_key)
  local lease = call.settle
  local use = load_use(use_key, leases_key, now, rules)
  local held = redis.call("ZREM", leases_key, lease.id)
  add(use.tokens, lease.bucket, lease.actualTokens - held * lease.tokens)
  add(use.nanoUsd, lease.day, lease.actualNanoUsd - held * lease.nanoUsd)
  save(use_key, use)
end
local question = 4
if call.settle then
  for _ = 1, call.names do
    settle(KEYS[question], KEYS[question + 1])
    question = question + 2
  end
end
if call.bind then
  redis.call("SET", KEYS[question], call.bind, "EX", 86400)
  question = question + 1
end
if call.kind == "auth" then
  local keyring = KEYS[question]
  redis.call("HSET", keyring, call.keyField, math.max(tonumber(redis.call("HGET", keyring, call.keyField) or "0"), now + call.ms))
  redis.call("PEXPIRE", keyring, keptMs)
end
if redis.call("SADD", KEYS[3], call.id) == 1 and redis.call("SCARD", KEYS[3]) > 1000 then
  -- Hints may name any model: those whose health has gone away are known no longer.
  for _, id in ipairs(redis.call("SMEMBERS", KEYS[3])) do
    if redis.call("EXISTS", string.sub(KEYS[1], 1, -1 - #call.id) .. id) == 0 then redis.call("SREM", KEYS[3], id) end
  end
end
redis.call("PEXPIRE", KEYS[3], keptMs)
return snapshot(now, question, 4, { health_text, calls_text })
