-- wake: let a parked step go on.
-- KEYS 1 run
-- ARGV 1 step | 2 epoch | 3 the child run whose end wakes it
-- RETURNS {"woken", number of its parking} its job is wanted now | {"later"} it is at work, and is not parked when it wants to be; or somebody else adds its job | {"stale"}
--- @include "fence"
--- @include "aside"
--- @include "rouse"
local run = KEYS[1]
-- Marked as ended: the step need not look for it, and nobody need end it.
local child = redis.call('HGET', run .. ':children', ARGV[3])
local isNews = child == ARGV[1] .. '|' .. ARGV[2]
if isNews then redis.call('HSET', run .. ':children', ARGV[3], child .. '|ended') end
local fence = read_fence(run, ARGV[1])
if not fence or fence.epoch ~= ARGV[2] or fence.delivered then return { 'stale' } end
-- Another child's end has woken it, and adds its job; should it die before, its own job comes again, and is no news then.
if isNews and fence.parked == 'w' then return { 'later' } end
return rouse(run, ARGV[1], fence)
