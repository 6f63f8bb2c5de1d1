-- suspend: end an attempt that settles nothing; the job comes again later, or when somebody wakes the step.
-- KEYS 1 run
-- ARGV 1 step | 2 epoch | 3 execution token | 4 "spent" or "refunded" | 5 cost in USD or '' | 6 event or '' | 7 providers to avoid, with commas
--      8 '' or, to park it, epoch milliseconds until then; 0: until it is woken | 9 memo or '' | 10 name of the signal that wakes it, or ''
-- RETURNS {"done", the number of its parking or ''} | {"stale"} | {"woken"} what it would be parked for is there already: the same job goes on
-- Sent twice it suspends once: the execution token is gone after the first time.
--- @include "append_event"
--- @include "fence"
--- @include "aside"
local run = KEYS[1]
local fence = read_fence(run, ARGV[1])
if not fence or fence.epoch ~= ARGV[2] or fence.delivered then return { 'stale' } end
local parks = (ARGV[8] or '') ~= ''
if fence.execution == '' then
  if parks and fence.parked == 'g' then return { 'woken' } end
  return { 'done', fence.parks }
end
if fence.execution ~= ARGV[3] then return { 'stale' } end
fence.execution = ''
fence.ended = fence.ended + 1
fence.avoid = ARGV[7]
if ARGV[4] == 'refunded' then fence.attempt = fence.attempt - 1 end
local woken = false
if parks then
  if ARGV[9] ~= '' then keep_aside(run, ':memos', ARGV[1], ARGV[9]) end
  if ARGV[10] ~= '' then
    keep_aside(run, ':waits', ARGV[1], ARGV[10])
    woken = redis.call('HEXISTS', run .. ':signals', ARGV[10]) == 1
  end
  -- Somebody woke it while it was about to be parked.
  if redis.call('HDEL', run .. ':waits', ARGV[1] .. ':woken') == 1 then woken = true end
  if woken then fence.parked = 'g' else park(fence, ARGV[8]) end
  -- Attempts are counted between two parkings: a step that goes on ten thousand times may lose its worker more than thrice.
  fence.attempt = 0
end
write_fence(run, ARGV[1], fence)
if ARGV[5] ~= '' then redis.call('HINCRBYFLOAT', run, 'costUsd', ARGV[5]) end
if ARGV[6] ~= '' then
  local _, seq = append_event(run, ARGV[6])
  announce(run, seq)
end
if woken then return { 'woken' } end
return { 'done', fence.parks }
