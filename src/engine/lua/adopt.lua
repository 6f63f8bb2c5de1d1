-- adopt: list runs that a step is about to start as its children, while the step is wanted.
-- KEYS 1 run
-- ARGV 1 step | 2 epoch | 3 execution token, or '' for whichever execution is under way | 4.. child run ids
-- RETURNS {"done"} | {"paused"} it is done, and the run is paused | {"stale"} the step has ended, or another execution of it counts
--- @include "fence"
local run = KEYS[1]
local fence = read_fence(run, ARGV[1])
if not fence or fence.epoch ~= ARGV[2] or fence.delivered then return { 'stale' } end
if ARGV[3] ~= '' and fence.execution ~= ARGV[3] then return { 'stale' } end
for i = 4, #ARGV do
  if redis.call('HSETNX', run .. ':children', ARGV[i], ARGV[1] .. '|' .. ARGV[2]) == 1 then
    redis.call('HSET', run, 'hasChildren', '1')
  end
end
return { redis.call('HEXISTS', run, 'paused') == 1 and 'paused' or 'done' }
