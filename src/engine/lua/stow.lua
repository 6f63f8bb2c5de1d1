-- stow: put values aside for the executions of a step that come after this one. They go when the run ends.
-- KEYS 1 run
-- ARGV 1 step | 2 epoch | 3 execution token | 4.. name, value, ...
-- RETURNS {"done"} | {"stale"}
--- @include "fence"
local run = KEYS[1]
local fence = read_fence(run, ARGV[1])
if not fence or fence.epoch ~= ARGV[2] or fence.execution ~= ARGV[3] then return { 'stale' } end
for i = 4, #ARGV, 2 do redis.call('HSET', run .. ':memos', ARGV[1] .. ':#' .. ARGV[i], ARGV[i + 1]) end
return { 'done' }
