-- leave_places: free the places of runs that have ended, wherever they stood, and give those that are free to the ones that wait.
-- KEYS 1 taken | 2 queue
-- ARGV 1 places that there are; -1: without limit | 2.. runs that have ended
-- RETURNS runs that have got a place, 500 at most
-- Sent twice the second answer is empty: who has a place and no jobs is found by reconcile.
if #ARGV > 1 then
  redis.call('ZREM', KEYS[1], unpack(ARGV, 2))
  redis.call('ZREM', KEYS[2], unpack(ARGV, 2))
end
local free = tonumber(ARGV[1]) < 0 and 500 or math.min(500, tonumber(ARGV[1]) - redis.call('ZCARD', KEYS[1]))
if free <= 0 then return {} end
local found = redis.call('ZRANGE', KEYS[2], 0, free - 1, 'WITHSCORES')
local begin = {}
for i = 1, #found, 2 do
  redis.call('ZADD', KEYS[1], found[i + 1], found[i])
  redis.call('ZREM', KEYS[2], found[i])
  begin[#begin + 1] = found[i]
end
return begin
