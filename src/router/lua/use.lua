-- use: what is used of a provider or a key, and its leases; the same rule as limits.ts. A lease's member: token|bucket|tokens|day|billionths of a USD.
--- @include "text"
local dayMs = 86400000
local function add(counts, at, more)
  local field = string.format("%.0f", at)
  counts[field] = math.max(0, (counts[field] or 0) + more)
end

-- Ends the leases whose time is over: they give back what they had reserved. @return the use's text, "" for none
local function sweep_leases(text, use_key, leases_key, now)
  local ended = redis.call("ZRANGEBYSCORE", leases_key, "-inf", now)
  if #ended == 0 then return text end
  redis.call("ZREMRANGEBYSCORE", leases_key, "-inf", now)
  if text == "" then return text end
  local use = cjson.decode(text)
  for _, id in ipairs(ended) do
    local bucket, tokens, day, nano = string.match(id, "|(%d+)|(%d+)|(%d+)|(%d+)$")
    add(use.tokens, bucket, -tonumber(tokens))
    add(use.nanoUsd, day, -tonumber(nano))
  end
  return save(use_key, use)
end

-- @return the use without what no longer counts
local function load_use(use_key, leases_key, now, rules)
  local text = sweep_leases(redis.call("MGET", use_key)[1] or "", use_key, leases_key, now)
  local use = text ~= "" and cjson.decode(text) or { requests = {}, tokens = {}, nanoUsd = {} }
  local function drop(counts, least)
    for at in pairs(counts) do
      if tonumber(at) <= least then counts[at] = nil end
    end
  end
  local oldest = math.floor(now / rules.bucketMs) - rules.windowMs / rules.bucketMs
  drop(use.requests, oldest)
  drop(use.tokens, oldest)
  drop(use.nanoUsd, math.floor(now / dayMs) - 1)
  return use
end
