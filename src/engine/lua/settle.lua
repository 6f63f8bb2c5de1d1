-- settle: a worker's whole turn in one step, for the common case that nothing happened to the run since the attempt began: deliver the outcome, commit what it means,
-- add the jobs that follow, finish the job that brought it, take the next one and begin its attempt.
-- KEYS 1 run
-- ARGV 1 actor | 2 epoch | 3 execution token | 4 cost in USD or '' | 5 expected rev | 6 jobs that follow | 7 values of each | 8 values of the finishing; 0: it is left to the worker
--      9 execution token of the next attempt | 10 worker | 11.. the jobs (BullMQ's addPrioritizedJob), the finishing (BullMQ's moveToFinished), the transition (see apply.lua)
-- RETURNS {"done", what moveToFinished answers, how the job in it was begun (see begin_attempt.lua)} committed | {"moved"} something happened: nothing is done, deliver it | {"stale"}
-- Sent twice it answers as the first time, as long as nobody committed since; only that moveToFinished then says that the job is finished.
--- @include "apply"
--- @include "begin_attempt"
local run = KEYS[1]
local jobs, width, finishing = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local finish_at = 11 + jobs * width
local transition_at = finish_at + finishing

-- The job that moveToFinished has taken, where it says how to begin its attempt.
local function begin_next(taken)
  if type(taken) ~= 'table' or type(taken[1]) ~= 'table' then return nil end
  local fields = taken[1]
  local at = 1
  while fields[at] ~= 'data' do at = at + 2 end
  local job = cjson.decode(fields[at + 1])
  if not job.begin then return nil end
  local next_run = string.gsub(run, '{[^{}]*}$', '{' .. job.run .. '}')
  local known = next_run == run and ARGV[transition_at] or ''
  local number = function(value) return value and string.format('%d', value) or '' end
  local given = { job.actor, number(job.epoch), ARGV[9], number(job.times), number(job.begin.attempts), ARGV[10], known, job.begin.bare and 'bare' or '' }
  for _, step in ipairs(job.begin.reads or {}) do given[#given + 1] = step end
  return begin_attempt(next_run, given)
end

-- Where the job that was added is the one that was taken, nobody need be woken for it.
local function unmark(taken)
  if jobs == 0 or type(taken) ~= 'table' then return end
  local wait, prioritized, marker = ARGV[finish_at], ARGV[finish_at + 2], ARGV[finish_at + 13]
  if redis.call('ZCARD', prioritized) == 0 and redis.call('EXISTS', wait) == 0 then redis.call('ZREM', marker, '0') end
end

local function done()
  if finishing == 0 then return { 'done' } end
  local taken = move_to_finished(finish_at, finishing)
  unmark(taken)
  return { 'done', taken, begin_next(taken) }
end

local last = redis.call('HMGET', run, 'rev', 'commit', 'aside')
if last[2] == ARGV[transition_at] then return done() end
local fence = read_fence(run, ARGV[1])
if not fence or fence.epoch ~= ARGV[2] or fence.execution ~= ARGV[3] then return { 'stale' } end
if last[1] ~= ARGV[5] or redis.call('EXISTS', run .. ':inbox', run .. ':lease') > 0 then return { 'moved' } end
if ARGV[4] ~= '' then redis.call('HINCRBYFLOAT', run, 'costUsd', ARGV[4]) end
apply(run, tonumber(last[1]), last[3], transition_at)
for i = 0, jobs - 1 do add_prioritized_job(11 + i * width, width) end
return done()
