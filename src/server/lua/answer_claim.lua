-- answer_claim: take the turn of an idempotency key, or hear what became of it.
-- KEYS 1 record
-- ARGV 1 fingerprint of the request | 2 token | 3 lease in ms | 4 lifetime in ms
-- RETURNS {"mine"} | {"other"} another request has the key | {"busy", ms until its lease ends} | {"kept", head, body} | {"lost"} done, and not kept
local print, token, lease, lifetime = unpack(ARGV)
local known = redis.call("HMGET", KEYS[1], "print", "token", "until", "head", "body")
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if known[1] then
  if known[1] ~= print then return { "other" } end
  if known[4] then return { "kept", known[4], known[5] } end
  if not known[2] then return { "lost" } end
  local left = known[3] - now
  if left > 0 and known[2] ~= token then return { "busy", left } end
end
redis.call("HSET", KEYS[1], "print", print, "token", token, "until", now + lease)
redis.call("PEXPIRE", KEYS[1], lifetime)
return { "mine" }
