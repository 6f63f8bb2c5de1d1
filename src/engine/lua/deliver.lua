-- deliver: put an outcome into the run's inbox and, if nobody holds the run, take its lease.
-- KEYS 1 run | 2 fences | 3 inbox | 4 lease                   (all {runId})
-- ARGV 1 lease token | 2 lease ms | 3 actor or '' (only take the lease) | 4 epoch | 5 execution token | 6 delivery | 7 cost in USD
-- RETURNS {"held", workflow, version, status, rev, state, input, delivery...}
--       | {"left"}       the delivery is safe and somebody else folds it
--       | {"busy", ms}   it was delivered before (or nothing was); the holder's lease lasts that long
--       | {"stale"}
--- @include "fence"
--- @include "hold"
local posted = 'again'
if ARGV[3] ~= '' then
  posted = post(KEYS[2], KEYS[3], ARGV[3], ARGV[4], ARGV[5], ARGV[6])
  if posted == 'stale' then return { 'stale' } end
  if posted == 'posted' and ARGV[7] ~= '0' then redis.call('HINCRBYFLOAT', KEYS[1], 'costUsd', ARGV[7]) end
end
local reply = hold(KEYS[1], KEYS[3], KEYS[4], ARGV[1], ARGV[2])
if reply[1] == 'busy' and posted == 'posted' then return { 'left' } end
return reply
