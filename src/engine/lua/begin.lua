-- begin: start an attempt of a step, if this dispatch is still wanted, and load what the step reads.
-- KEYS 1 run | 2 fences | 3 outputs | 4 events                (all {runId})
-- ARGV 1 channel | 2 step | 3 epoch | 4 execution token | 5 attempts allowed | 6 worker | 7.. step ids that it reads
-- RETURNS {"begun", attempt, since, input, hints, rev, state, output...} | {"delivered"} | {"exhausted", attempts} | {"stale"}
-- Sent twice with the same execution token it begins one attempt.
--- @include "append_event"
--- @include "fence"
local fence = read_fence(KEYS[2], ARGV[2])
if not fence or fence.epoch ~= ARGV[3] then return { 'stale' } end
if fence.delivered then return { 'delivered' } end
if fence.execution ~= ARGV[4] then
  if fence.attempt >= tonumber(ARGV[5]) then
    fence.execution = ARGV[4]
    write_fence(KEYS[2], ARGV[2], fence)
    return { 'exhausted', fence.attempt }
  end
  fence.attempt = fence.attempt + 1
  fence.execution = ARGV[4]
  local at, seq = append_event(KEYS[1], KEYS[4], cjson.encode({ type = 'step.started', step = ARGV[2], attempt = fence.attempt, worker = ARGV[6] }))
  if fence.since == '0' then fence.since = at end
  write_fence(KEYS[2], ARGV[2], fence)
  announce(ARGV[1], seq)
end
local run = redis.call('HMGET', KEYS[1], 'input', 'hints', 'rev', 'state')
local reply = { 'begun', fence.attempt, fence.since, run[1], run[2], run[3], run[4] }
if #ARGV > 6 then
  for _, output in ipairs(redis.call('HMGET', KEYS[3], unpack(ARGV, 7))) do reply[#reply + 1] = output or '' end
end
return reply
