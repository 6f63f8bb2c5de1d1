-- wake: let a parked step go on.
-- KEYS 1 run
-- ARGV 1 step | 2 epoch | 3 the child run whose end wakes it
-- RETURNS {"woken", number of its parking} its job is wanted now | {"later"} it is at work: it is not parked when it wants to be | {"stale"}
--- @include "fence"
--- @include "aside"
--- @include "rouse"
local run = KEYS[1]
-- Marked as ended: the step need not look for it, and nobody need end it.
local child = redis.call('HGET', run .. ':children', ARGV[3])
if child == ARGV[1] .. '|' .. ARGV[2] then redis.call('HSET', run .. ':children', ARGV[3], child .. '|ended') end
local fence = read_fence(run, ARGV[1])
if not fence or fence.epoch ~= ARGV[2] or fence.delivered then return { 'stale' } end
return rouse(run, ARGV[1], fence)
