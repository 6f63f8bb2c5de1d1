-- answer_renew: the request that holds an idempotency key is still under way.
-- KEYS 1 record
-- ARGV 1 token | 2 lease in ms
-- RETURNS 1, or 0 where another one has the turn
if redis.call("HGET", KEYS[1], "token") ~= ARGV[1] then return 0 end
local time = redis.call("TIME")
redis.call("HSET", KEYS[1], "until", time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2])
return 1
