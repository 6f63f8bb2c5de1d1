-- suspend: end an attempt that settles nothing; the job comes again later.
-- KEYS 1 run | 2 fences | 3 events                            (all {runId})
-- ARGV 1 channel | 2 step | 3 epoch | 4 execution token | 5 "spent" or "refunded" | 6 cost in USD | 7 event or ''
-- RETURNS {"done"} | {"stale"}
-- Sent twice it suspends once: the execution token is gone after the first time.
--- @include "append_event"
--- @include "fence"
local fence = read_fence(KEYS[2], ARGV[2])
if not fence or fence.epoch ~= ARGV[3] or fence.delivered then return { 'stale' } end
if fence.execution == '' then return { 'done' } end
if fence.execution ~= ARGV[4] then return { 'stale' } end
fence.execution = ''
if ARGV[5] == 'refunded' then fence.attempt = fence.attempt - 1 end
write_fence(KEYS[2], ARGV[2], fence)
if ARGV[6] ~= '0' then redis.call('HINCRBYFLOAT', KEYS[1], 'costUsd', ARGV[6]) end
if ARGV[7] ~= '' then
  local _, seq = append_event(KEYS[1], KEYS[3], ARGV[7])
  announce(ARGV[1], seq)
end
return { 'done' }
