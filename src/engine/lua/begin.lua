-- begin: start an attempt of a step, if this dispatch is still wanted, and load what the step reads.
-- KEYS 1 run
-- ARGV 1 step | 2 epoch | 3 execution token | 4 attempts allowed | 5 worker | 6 commit whose state the worker has | 7.. step ids that it reads
-- RETURNS {"begun", attempt, ended, avoid, waited ms, input, hints, rev, state ('' after that commit), memo, output...} | {"delivered"} | {"exhausted", attempts} | {"stale"}
--       | {"parked", ms until it goes on by itself; 0: only when it is woken} | {"paused"} the run starts nothing
-- Sent twice with the same execution token it begins one attempt.
--- @include "append_event"
--- @include "fence"
local run = KEYS[1]
local fence = read_fence(run, ARGV[1])
if not fence or fence.epoch ~= ARGV[2] then return { 'stale' } end
if fence.delivered then return { 'delivered' } end
local resumes = fence.parked ~= ''
if fence.execution ~= ARGV[3] then
  if resumes and fence.parked ~= 'w' then
    local wait = tonumber(fence.parked) - now()
    if fence.parked == '0' or wait > 0 then return { 'parked', fence.parked == '0' and 0 or wait } end
  end
  if redis.call('HEXISTS', run, 'paused') == 1 then return { 'paused' } end
end
-- An execution that finds the attempts spent begins none. It may still deliver that, under its token marked so.
local spent = ARGV[3] .. '~'
if fence.execution == spent then return { 'exhausted', fence.attempt } end
if fence.execution ~= ARGV[3] then
  if fence.attempt >= tonumber(ARGV[4]) then
    fence.execution = spent
    write_fence(run, ARGV[1], fence)
    return { 'exhausted', fence.attempt }
  end
  fence.execution = ARGV[3]
  fence.parked = ''
  fence.attempt = fence.attempt + 1
  if redis.call('HEXISTS', run, 'startedAt') == 0 then
    redis.call('HSET', run, 'status', 'running', 'startedAt', (append_event(run, '{"type":"run.started"}')))
  end
  -- A step that goes on after it was parked has started before.
  if not resumes then
    local event = { type = 'step.started', step = ARGV[1], attempt = fence.attempt, worker = ARGV[5] }
    local at, seq = append_event(run, cjson.encode(event))
    if fence.since == '0' then fence.since = at end
    announce(run, seq)
  end
  write_fence(run, ARGV[1], fence)
end
local memo = ''
if fence.attempt > 1 or fence.ended ~= '0' then memo = redis.call('HGET', run .. ':memos', ARGV[1]) or '' end
local fields = redis.call('HMGET', run, 'input', 'hints', 'rev', 'state', 'commit')
local state = fields[5] == ARGV[6] and '' or fields[4]
local reply = { 'begun', fence.attempt, fence.ended, fence.avoid, now() - fence.since, fields[1], fields[2], fields[3], state, memo }
if #ARGV > 6 then
  for _, output in ipairs(redis.call('HMGET', run .. ':outputs', unpack(ARGV, 7))) do reply[#reply + 1] = output or '' end
end
return reply
