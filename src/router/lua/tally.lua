-- tally: add a batch to sums, once. A process sends its batches one after the other, and one whose answer was lost again.
-- KEYS 1 number of the last batch that this process wrote | 2... sums        (all {router})
-- ARGV 1 number of the batch | 2 seconds for which that is remembered | for each of the sums: seconds for which they are kept, how many follow, and {field, more} each
-- RETURNS "counted" | "again"
if tonumber(redis.call("MGET", KEYS[1])[1] or 0) >= tonumber(ARGV[1]) then return "again" end
redis.call("SET", KEYS[1], ARGV[1], "EX", ARGV[2])
local at = 3
for i = 2, #KEYS do
  local kept, count = ARGV[at], tonumber(ARGV[at + 1])
  for field = at + 2, at + 2 * count, 2 do redis.call("HINCRBY", KEYS[i], ARGV[field], ARGV[field + 1]) end
  redis.call("EXPIRE", KEYS[i], kept)
  at = at + 2 + 2 * count
end
return "counted"
