-- rate: count a request. The window begins with its first one.
-- KEYS 1 counter
-- ARGV 1 windowMs
-- RETURNS {requests of this window, ms until it ends}
local count = redis.call("INCR", KEYS[1])
if count == 1 then redis.call("PEXPIRE", KEYS[1], ARGV[1]) end
return { count, redis.call("PTTL", KEYS[1]) }
