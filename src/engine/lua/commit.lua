-- commit: store a run's next state and what follows from it, if this worker still holds the run.
-- KEYS 1 run
-- ARGV 1 lease token | 2 lease ms | 3 folded count | 4.. the transition (see apply.lua)
-- RETURNS {"done"} the lease is released | {"more", delivery...} still held | {"lost"}
-- Sent twice (the first reply was lost) it answers as the first time, as long as nobody committed since.
--- @include "apply"
local run = KEYS[1]
local inbox, lease = run .. ':inbox', run .. ':lease'
local last = redis.call('HMGET', run, 'rev', 'commit', 'aside')
local holder = redis.call('GET', lease)
if last[2] ~= ARGV[4] then
  if holder ~= ARGV[1] then return { 'lost' } end
  redis.call('LTRIM', inbox, ARGV[3], -1)
  if apply(run, tonumber(last[1]), last[3], 4) then return { 'done' } end
end
if holder ~= ARGV[1] then return { 'done' } end
local waiting = redis.call('LRANGE', inbox, 0, 499)
if #waiting == 0 then
  redis.call('DEL', lease)
  return { 'done' }
end
redis.call('PEXPIRE', lease, ARGV[2])
return { 'more', unpack(waiting) }
