-- wake: let a parked step go on.
-- KEYS 1 run
-- ARGV 1 step | 2 epoch
-- RETURNS {"woken", number of its parking} its job is wanted now | {"later"} it is at work: it is not parked when it wants to be | {"stale"}
--- @include "fence"
--- @include "rouse"
local run = KEYS[1]
local fence = read_fence(run, ARGV[1])
if not fence or fence.epoch ~= ARGV[2] or fence.delivered then return { 'stale' } end
return rouse(run, ARGV[1], fence)
