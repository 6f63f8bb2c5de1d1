-- settle: deliver and commit in one step, for the common case that nothing happened to the run since the attempt began.
-- Otherwise it does what deliver does, and the caller goes on as after deliver.
-- KEYS 1 run | 2 fences | 3 inbox | 4 lease | 5 outputs | 6 events        (all {runId})
-- ARGV 1 lease token | 2 lease ms | 3 actor | 4 epoch | 5 execution token | 6 delivery | 7 cost in USD | 8 expected rev | 9.. the transition (see apply.lua)
-- RETURNS {"done"} committed | as deliver.lua
--- @include "append_event"
--- @include "apply"
--- @include "fence"
--- @include "hold"
local run, inbox, lease = KEYS[1], KEYS[3], KEYS[4]
local last = redis.call('HMGET', run, 'rev', 'commit')
if last[2] == ARGV[10] then return { 'done' } end
local posted = post(KEYS[2], inbox, ARGV[3], ARGV[4], ARGV[5], ARGV[6])
if posted == 'stale' then return { 'stale' } end
if posted == 'posted' and ARGV[7] ~= '0' then redis.call('HINCRBYFLOAT', run, 'costUsd', ARGV[7]) end
if posted == 'posted' and last[1] == ARGV[8] and redis.call('EXISTS', lease) == 0 and redis.call('LLEN', inbox) == 1 then
  redis.call('DEL', inbox)
  apply({ run = run, fences = KEYS[2], inbox = inbox, lease = lease, outputs = KEYS[5], events = KEYS[6] }, 9)
  return { 'done' }
end
local reply = hold(run, inbox, lease, ARGV[1], ARGV[2])
if reply[1] == 'busy' and posted == 'posted' then return { 'left' } end
return reply
