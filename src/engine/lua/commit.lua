-- commit: store a run's next state and what follows from it, if this worker still holds the run.
-- KEYS 1 run | 2 fences | 3 inbox | 4 lease | 5 outputs | 6 events        (all {runId})
-- ARGV 1 lease token | 2 lease ms | 3 folded count | 4.. the transition (see apply.lua)
-- RETURNS {"done"} the lease is released | {"more", delivery...} still held | {"lost"}
-- Sent twice (the first reply was lost) it answers as the first time, as long as nobody committed since.
--- @include "append_event"
--- @include "apply"
local run, inbox, lease = KEYS[1], KEYS[3], KEYS[4]
local last = redis.call('HMGET', run, 'rev', 'commit')
if last[2] ~= ARGV[5] then
  if redis.call('GET', lease) ~= ARGV[1] then return { 'lost' } end
  redis.call('LTRIM', inbox, ARGV[3], -1)
  local keys = { run = run, fences = KEYS[2], inbox = inbox, lease = lease, outputs = KEYS[5], events = KEYS[6] }
  if apply(keys, tonumber(last[1]), 4) then return { 'done' } end
end
local holder = redis.call('GET', lease)
if holder ~= ARGV[1] then return { 'done' } end
local waiting = redis.call('LRANGE', inbox, 0, 499)
if #waiting == 0 then
  redis.call('DEL', lease)
  return { 'done' }
end
redis.call('PEXPIRE', lease, ARGV[2])
return { 'more', unpack(waiting) }
