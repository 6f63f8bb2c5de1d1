-- outcome: what calls change that begin or end: health of their targets, bookings, known targets, keyring, bindings. record and report share it.
-- KEYS from `k` known targets | keyring | health and calls of each target... | use and leases of each name... | binding of each run...
-- batch: targets [id of each], names: how many,
--   booked [{names [numbers], id: of the lease, bucket, day, tokens, nanoUsd}]: no limit holds these calls back,
--   ended [{target: its number, kind, ms, token, durationMs, random, latencyMs, keyField, settle {names [numbers], id, bucket, day, tokens, nanoUsd: of the lease;
--          actualTokens, actualNanoUsd; requests: it was not booked, and counts as so many}}],
--   bound [provider of each run]
--- @include "health"
--- @include "breaker"
--- @include "use"
local function book(use, leases_key, call, now, rules)
  add(use.requests, call.bucket, 1)
  add(use.tokens, call.bucket, call.tokens)
  add(use.nanoUsd, call.day, call.nanoUsd)
  redis.call("ZADD", leases_key, now + rules.leaseMs, call.id)
end

-- A lease that is over by now has given back its reservation: what was used is booked alone.
local function settle(use, leases_key, lease, now, rules)
  local held = redis.call("ZREM", leases_key, lease.id)
  local bucket, day = lease.bucket or math.floor(now / rules.bucketMs), lease.day or math.floor(now / dayMs)
  if lease.requests then add(use.requests, bucket, lease.requests) end
  add(use.tokens, bucket, lease.actualTokens - held * lease.tokens)
  add(use.nanoUsd, day, lease.actualNanoUsd - held * lease.nanoUsd)
end

local function take_uses(k, batch, now, rules)
  local uses, booked = {}, {}
  local function of(name)
    uses[name] = uses[name] or load_use(KEYS[k + 2 * name - 2], KEYS[k + 2 * name - 1], now, rules)
    return uses[name], KEYS[k + 2 * name - 1]
  end
  for _, call in ipairs(batch.booked) do
    for _, name in ipairs(call.names) do
      local use, leases_key = of(name)
      book(use, leases_key, call, now, rules)
      booked[name] = leases_key
    end
  end
  for _, call in ipairs(batch.ended) do
    for _, name in ipairs(call.settle and call.settle.names or {}) do
      local use, leases_key = of(name)
      settle(use, leases_key, call.settle, now, rules)
    end
  end
  for name, use in pairs(uses) do save(KEYS[k + 2 * name - 2], use) end
  for _, leases_key in pairs(booked) do redis.call("PEXPIRE", leases_key, keptMs) end
end

-- Hints may name any model: targets whose health has gone away are known no longer.
local function know(known, ids, prefix_of)
  if #ids == 0 then return end
  if redis.call("SADD", known, unpack(ids)) > 0 and redis.call("SCARD", known) > 1000 then
    for _, id in ipairs(redis.call("SMEMBERS", known)) do
      if redis.call("EXISTS", prefix_of .. id) == 0 then redis.call("SREM", known, id) end
    end
  end
  redis.call("PEXPIRE", known, keptMs)
end

local function refuse_key(keyring, call, now)
  redis.call("HSET", keyring, call.keyField, math.max(tonumber(redis.call("HGET", keyring, call.keyField) or "0"), now + call.ms))
  redis.call("PEXPIRE", keyring, keptMs)
end

-- RETURNS health and calls of each target, JSON; number of the next key
local function take_outcomes(k, batch, now, rules)
  local first, texts = k + 2, {}
  local healths, counts = {}, {}
  for _, call in ipairs(batch.ended) do
    local i, at = call.target, first + 2 * call.target - 2
    healths[i] = healths[i] or load_health(KEYS[at])
    counts[i] = fold(healths[i], counts[i] or load(KEYS[at + 1]), call, now, rules)
    if call.kind == "auth" then refuse_key(KEYS[k + 1], call, now) end
  end
  for i, health in ipairs(healths) do
    texts[2 * i - 1] = save_health(KEYS[first + 2 * i - 2], health)
    texts[2 * i] = save(KEYS[first + 2 * i - 1], counts[i])
  end
  local names = first + 2 * #batch.targets
  if #batch.targets > 0 then know(KEYS[k], batch.targets, string.sub(KEYS[first], 1, -1 - #batch.targets[1])) end
  take_uses(names, batch, now, rules)
  local following = names + 2 * batch.names
  for _, provider in ipairs(batch.bound) do
    redis.call("SET", KEYS[following], provider, "EX", 86400)
    following = following + 1
  end
  return texts, following
end
