-- save: keep a step's memo, for the execution that goes on after this one.
-- KEYS 1 run
-- ARGV 1 step | 2 epoch | 3 execution token | 4 memo | 5 "drop": what was taken is refused, forget it
-- RETURNS {"done"} | {"stale"}
--- @include "fence"
--- @include "aside"
local run = KEYS[1]
local fence = read_fence(run, ARGV[1])
if not fence or fence.epoch ~= ARGV[2] or fence.execution ~= ARGV[3] then return { 'stale' } end
if ARGV[4] ~= '' then keep_aside(run, ':memos', ARGV[1], ARGV[4]) end
if ARGV[5] == 'drop' then redis.call('HDEL', run .. ':memos', ARGV[1] .. ':taken') end
return { 'done' }
