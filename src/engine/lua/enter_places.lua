-- enter_places: give a run its place among those that count together, or let it wait behind those that were submitted before.
-- KEYS 1 taken | 2 queue
-- ARGV 1 run | 2 places that there are; -1: without limit | 3 epoch milliseconds of its submission
-- RETURNS {"begins"} it has a place | {"waits", how many wait before it}
-- Sent twice it answers as the first time, or better.
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return { 'begins' } end
redis.call('ZADD', KEYS[2], 'NX', ARGV[3], ARGV[1])
local before = redis.call('ZRANK', KEYS[2], ARGV[1])
local free = tonumber(ARGV[2]) < 0 and math.huge or tonumber(ARGV[2]) - redis.call('ZCARD', KEYS[1])
-- Whoever waits before it has a claim to the free places first.
if before >= free then return { 'waits', before } end
redis.call('ZADD', KEYS[1], redis.call('ZSCORE', KEYS[2], ARGV[1]), ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return { 'begins' }
