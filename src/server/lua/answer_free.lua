-- answer_free: a request has made nothing; its idempotency key is as if it had never come.
-- KEYS 1 record
-- ARGV 1 token
-- RETURNS 1, or 0 where another one has the turn
if redis.call("HGET", KEYS[1], "token") ~= ARGV[1] then return 0 end
return redis.call("DEL", KEYS[1])
