-- settle: deliver an outcome and commit what it means in one step, for the common case that nothing happened to the run since the attempt began.
-- KEYS 1 run
-- ARGV 1 actor | 2 epoch | 3 execution token | 4 cost in USD or '' | 5 expected rev | 6.. the transition (see apply.lua)
-- RETURNS {"done"} committed | {"moved"} something happened: nothing is done, deliver it | {"stale"}
-- Sent twice it answers as the first time, as long as nobody committed since.
--- @include "apply"
local run = KEYS[1]
local last = redis.call('HMGET', run, 'rev', 'commit', 'aside')
if last[2] == ARGV[6] then return { 'done' } end
local fence = read_fence(run, ARGV[1])
if not fence or fence.epoch ~= ARGV[2] or fence.execution ~= ARGV[3] then return { 'stale' } end
if last[1] ~= ARGV[5] or redis.call('EXISTS', run .. ':inbox', run .. ':lease') > 0 then return { 'moved' } end
if ARGV[4] ~= '' then redis.call('HINCRBYFLOAT', run, 'costUsd', ARGV[4]) end
apply(run, tonumber(last[1]), last[3], 6)
return { 'done' }
