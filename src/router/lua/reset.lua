-- reset: forget what was learned of a provider's health: the breakers, deadlines and latencies of its targets, and its refused keys. What is used of its limits stays.
-- KEYS 1 keyring | 2 known targets | 3 what the keys of health begin with | 4 what the keys of calls begin with   (all {router})
-- ARGV 1 provider
-- RETURNS number of targets that were known
local known = 0
local function belongs(name, mark) return string.sub(name, 1, #ARGV[1] + 1) == ARGV[1] .. mark end
for _, id in ipairs(redis.call("SMEMBERS", KEYS[2])) do
  if belongs(id, "/") then
    known = known + redis.call("DEL", KEYS[3] .. id)
    redis.call("DEL", KEYS[4] .. id)
    redis.call("SREM", KEYS[2], id)
  end
end
for _, field in ipairs(redis.call("HKEYS", KEYS[1])) do
  if belongs(field, ":") then redis.call("HDEL", KEYS[1], field) end
end
return known
