-- pause: let a run start nothing, or start again.
-- KEYS 1 run
-- ARGV 1 "pause" or "resume" | 2 whose word it is: "own", or "parent" where the run that started it was asked | 3 event
-- RETURNS {"done"} | {"same"} it was so already | {"kept"} it stays paused by its own word | {"ended", status} | {"missing"}
--- @include "append_event"
local run = KEYS[1]
local found = redis.call('HMGET', run, 'id', 'finishedAt', 'status', 'paused')
if not found[1] then return { 'missing' } end
if found[2] then return { 'ended', found[3] } end
local paused = found[4]
if ARGV[1] == 'pause' then
  if paused then
    if ARGV[2] == 'own' then redis.call('HSET', run, 'paused', 'own') end
    return { 'same' }
  end
  redis.call('HSET', run, 'paused', ARGV[2])
else
  if not paused then return { 'same' } end
  if ARGV[2] == 'parent' and paused == 'own' then return { 'kept' } end
  redis.call('HDEL', run, 'paused')
end
local _, seq = append_event(run, ARGV[3])
announce(run, seq)
return { 'done' }
