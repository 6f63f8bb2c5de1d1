-- begin_attempt: starts an attempt of a step, if this dispatch is still wanted, and loads what the step reads. Given, in this order:
--   1 step | 2 epoch | 3 execution token | 4 number of the parking that its job follows, or '' | 5 attempts allowed | 6 worker
--   7 commit whose state the worker has | 8 "bare": its memo is enough, where it has one | 9.. step ids that it reads
-- Returns {"begun", attempt, ended, avoid, waited ms, input ('': bare), hints, rev, state ('' after that commit), memo, output...} | {"delivered"} | {"exhausted", attempts}
--       | {"stale"} another job is the step's | {"parked", ms until it goes on by itself; 0: only when it is woken} | {"paused"} the run starts nothing
-- With the same execution token again it begins one attempt.
--- @include "append_event"
--- @include "fence"
local function begin_attempt(run, given)
  local fence = read_fence(run, given[1])
  if not fence or fence.epoch ~= given[2] then return { 'stale' } end
  if fence.delivered then return { 'delivered' } end
  if fence.parks ~= given[4] then return { 'stale' } end
  -- An execution that finds the attempts spent begins none. It may still deliver that, under its token marked so.
  local spent = given[3] .. '~'
  if fence.execution == spent then return { 'exhausted', fence.attempt } end
  local fields = redis.call('HMGET', run, 'input', 'hints', 'rev', 'state', 'commit', 'paused', 'startedAt')
  if fence.execution ~= given[3] then
    -- A step that goes on after it was parked has started before.
    local resumes = fence.parked ~= '' and fence.parked ~= 'p'
    local wait = tonumber(fence.parked)
    if wait then
      wait = wait == 0 and 0 or wait - now()
      if fence.parked == '0' or wait > 0 then return { 'parked', wait } end
    end
    if fields[6] then
      -- Its job goes; resuming the run brings another one.
      park(fence, resumes and 'w' or 'p')
      write_fence(run, given[1], fence)
      return { 'paused' }
    end
    if fence.attempt >= tonumber(given[5]) then
      fence.execution = spent
      write_fence(run, given[1], fence)
      return { 'exhausted', fence.attempt }
    end
    fence.execution = given[3]
    fence.parked = ''
    fence.attempt = fence.attempt + 1
    if not fields[7] then
      redis.call('HSET', run, 'status', 'running', 'startedAt', (append_event(run, '{"type":"run.started"}')))
    end
    if not resumes then
      local event = { type = 'step.started', step = given[1], attempt = fence.attempt, worker = given[6] }
      local at, seq = append_event(run, cjson.encode(event))
      if fence.since == '0' then fence.since = at end
      announce(run, seq)
    end
    write_fence(run, given[1], fence)
  end
  local memo = ''
  if fence.attempt > 1 or fence.ended ~= '0' then memo = redis.call('HGET', run .. ':memos', given[1]) or '' end
  if memo ~= '' and given[8] == 'bare' then
    return { 'begun', fence.attempt, fence.ended, fence.avoid, now() - fence.since, '', fields[2], '', '', memo }
  end
  local state = fields[5] == given[7] and '' or fields[4]
  local reply = { 'begun', fence.attempt, fence.ended, fence.avoid, now() - fence.since, fields[1], fields[2], fields[3], state, memo }
  if #given > 8 then
    for _, output in ipairs(redis.call('HMGET', run .. ':outputs', unpack(given, 9))) do reply[#reply + 1] = output or '' end
  end
  return reply
end
