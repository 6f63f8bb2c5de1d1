-- answer_keep: what a request was answered, for those that come again with its idempotency key. An empty head: it was done, and its answer is not kept.
-- KEYS 1 record
-- ARGV 1 token | 2 lifetime in ms | 3 head | 4 body
-- RETURNS 1, or 0 where another one has the turn, or this was said before
local token, lifetime, head, body = unpack(ARGV)
if redis.call("HGET", KEYS[1], "token") ~= token then return 0 end
redis.call("HDEL", KEYS[1], "token", "until")
if head ~= "" then redis.call("HSET", KEYS[1], "head", head, "body", body) end
redis.call("PEXPIRE", KEYS[1], lifetime)
return 1
