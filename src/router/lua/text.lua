-- text: values kept as JSON. Two days: longer than any deadline in them, and than the day that USD are counted by; what nobody uses goes away by itself.
local keptMs = 172800000
-- MGET, unlike GET, finds nothing where another version kept something else.
local function load(key)
  local text = redis.call("MGET", key)[1]
  return text and cjson.decode(text) or {}
end
local function save(key, value)
  local text = cjson.encode(value)
  redis.call("SET", key, text, "PX", keptMs)
  return text
end
