-- pause: let a run start nothing, or start again.
-- KEYS 1 run
-- ARGV 1 "pause" or "resume" | 2 event
-- RETURNS {"done"} | {"same"} it was so already | {"ended", status} | {"missing"}
--- @include "append_event"
local run = KEYS[1]
local found = redis.call('HMGET', run, 'id', 'finishedAt', 'status', 'paused')
if not found[1] then return { 'missing' } end
if found[2] then return { 'ended', found[3] } end
local wanted = ARGV[1] == 'pause'
if (found[4] ~= false) == wanted then return { 'same' } end
if wanted then redis.call('HSET', run, 'paused', '1') else redis.call('HDEL', run, 'paused') end
local _, seq = append_event(run, ARGV[2])
announce(run, seq)
return { 'done' }
