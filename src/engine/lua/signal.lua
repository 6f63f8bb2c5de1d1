-- signal: keep a signal for the step that takes it, and wake those that wait for its name.
-- KEYS 1 run
-- ARGV 1 name | 2 payload, JSON in one line | 3 id or '' (the same id is taken once) | 4 event
-- RETURNS {"kept", step, epoch, number of its parking, ...} steps whose jobs are wanted now | {"again"} | {"ended", status} | {"missing"}
--- @include "append_event"
--- @include "fence"
--- @include "aside"
--- @include "rouse"
local run = KEYS[1]
local found = redis.call('HMGET', run, 'id', 'finishedAt', 'status')
if not found[1] then return { 'missing' } end
if found[2] then return { 'ended', found[3] } end
if ARGV[3] ~= '' and redis.call('SADD', run .. ':known', 'signal ' .. ARGV[3]) == 0 then return { 'again' } end
local kept = redis.call('HGET', run .. ':signals', ARGV[1])
redis.call('HSET', run .. ':signals', ARGV[1], kept and (kept .. '\n' .. ARGV[2]) or ARGV[2])
local _, seq = append_event(run, ARGV[4])
announce(run, seq)
local reply = { 'kept' }
local waits = redis.call('HGETALL', run .. ':waits')
for i = 1, #waits, 2 do
  local fence = waits[i + 1] == ARGV[1] and read_fence(run, waits[i])
  if fence and not fence.delivered then
    local woken = rouse(run, waits[i], fence)
    if woken[1] == 'woken' then
      reply[#reply + 1] = waits[i]
      reply[#reply + 1] = fence.epoch
      reply[#reply + 1] = woken[2]
    end
  end
end
return reply
