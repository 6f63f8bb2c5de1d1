-- deliver: put an outcome into the run's inbox, once, and if nobody holds the run, take its lease.
-- KEYS 1 run
-- ARGV 1 lease token | 2 lease ms | 3 actor or '' (only take the lease) | 4 epoch | 5 execution token | 6 delivery | 7 cost in USD or ''
-- RETURNS {"held", workflow, version, rev, state, input, priority or '', delivery...} at most 500 deliveries; the rest waits for the next commit
--       | {"left"}       the delivery is safe and somebody else folds it
--       | {"busy", ms}   it was delivered before (or nothing was); the holder's lease lasts that long
--       | {"stale"}      another dispatch or execution counts, or the run has ended: nothing may be committed any more
--- @include "fence"
local run = KEYS[1]
local inbox, lease = run .. ':inbox', run .. ':lease'
local posted = false
if ARGV[3] ~= '' then
  local fence = read_fence(run, ARGV[3])
  if not fence or fence.epoch ~= ARGV[4] then return { 'stale' } end
  if not fence.delivered then
    if fence.execution ~= ARGV[5] then return { 'stale' } end
    posted = true
    fence.delivered = true
    write_fence(run, ARGV[3], fence)
    redis.call('RPUSH', inbox, ARGV[6])
    if ARGV[7] ~= '' then redis.call('HINCRBYFLOAT', run, 'costUsd', ARGV[7]) end
  end
end
local holder = redis.call('GET', lease)
if holder and holder ~= ARGV[1] then
  if posted then return { 'left' } end
  return { 'busy', redis.call('PTTL', lease) }
end
local fields = redis.call('HMGET', run, 'workflow', 'version', 'rev', 'state', 'input', 'finishedAt', 'priority')
if not fields[1] or fields[6] then return { 'stale' } end
redis.call('SET', lease, ARGV[1], 'PX', ARGV[2])
local reply = { 'held', fields[1] or '', fields[2] or '', fields[3] or '', fields[4] or '', fields[5] or '', fields[7] or '' }
for _, delivery in ipairs(redis.call('LRANGE', inbox, 0, 499)) do reply[#reply + 1] = delivery end
return reply
