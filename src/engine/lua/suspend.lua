-- suspend: end an attempt that settles nothing; the job comes again later.
-- KEYS 1 run
-- ARGV 1 step | 2 epoch | 3 execution token | 4 "spent" or "refunded" | 5 cost in USD or '' | 6 event or '' | 7 providers to avoid, with commas
-- RETURNS {"done"} | {"stale"}
-- Sent twice it suspends once: the execution token is gone after the first time.
--- @include "append_event"
--- @include "fence"
local run = KEYS[1]
local fence = read_fence(run, ARGV[1])
if not fence or fence.epoch ~= ARGV[2] or fence.delivered then return { 'stale' } end
if fence.execution == '' then return { 'done' } end
if fence.execution ~= ARGV[3] then return { 'stale' } end
fence.execution = ''
fence.ended = fence.ended + 1
fence.avoid = ARGV[7]
if ARGV[4] == 'refunded' then fence.attempt = fence.attempt - 1 end
write_fence(run, ARGV[1], fence)
if ARGV[5] ~= '' then redis.call('HINCRBYFLOAT', run, 'costUsd', ARGV[5]) end
if ARGV[6] ~= '' then
  local _, seq = append_event(run, ARGV[6])
  announce(run, seq)
end
return { 'done' }
