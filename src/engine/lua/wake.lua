-- wake: let a parked step go on.
-- KEYS 1 run
-- ARGV 1 step | 2 epoch | 3.. the child runs whose ends wake it
-- RETURNS {"woken", number of its parking} its job is wanted now | {"later"} it is at work, and is not parked when it wants to be; or somebody else adds its job | {"stale"}
--- @include "fence"
--- @include "aside"
--- @include "rouse"
local run = KEYS[1]
-- Marked as ended: the step need not look for them, and nobody need end them.
local areNews = true
for i = 3, #ARGV do
  local child = redis.call('HGET', run .. ':children', ARGV[i])
  if child == ARGV[1] .. '|' .. ARGV[2] then
    redis.call('HSET', run .. ':children', ARGV[i], child .. '|ended')
  else
    areNews = false
  end
end
local fence = read_fence(run, ARGV[1])
if not fence or fence.epoch ~= ARGV[2] or fence.delivered then return { 'stale' } end
-- Another child's end has woken it, and adds its job; should it die before, its own job comes again, and is no news then.
if areNews and fence.parked == 'w' then return { 'later' } end
return rouse(run, ARGV[1], fence)
