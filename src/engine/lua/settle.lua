-- settle: a worker's handover from one job to the next in one step, for the common case that nothing happened to the run since the attempt began: deliver the outcome, commit what it means,
-- add the jobs that follow or take the run off the list of open ones, finish the job that brought it, take the next one and begin its attempt.
-- KEYS 1 run
-- ARGV 1 actor | 2 epoch | 3 execution token | 4 cost in USD or '' | 5 expected rev | 6 jobs that follow | 7 values of each | 8 values of the finishing; 0: it is left to the worker
--      9 execution token of the next attempt | 10 worker | 11 1: the run ends and leaves no jobs behind, close it
--      12.. the jobs (BullMQ's addPrioritizedJob), the finishing (BullMQ's moveToFinished), the transition (see apply.lua)
-- RETURNS {"done", what moveToFinished answers, how the job in it was begun (see begin_next.lua)} all of it is done | {"ended"} committed, but others are to be told of the run's
--       end (see close_run.lua): it is not closed, and its job not finished | {"moved"} something happened: nothing is done, deliver it | {"stale"}
-- Sent twice it answers as the first time, as long as nobody committed since.
--- @include "apply"
--- @include "begin_next"
--- @include "close_run"
local run = KEYS[1]
local jobs, width, finishing = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local closes = ARGV[11] == '1'
local jobs_at = 12
local finish_at = jobs_at + jobs * width
local transition_at = finish_at + finishing

-- Where the job that was added is the one that was taken, nobody need be woken for it.
local function unmark(taken)
  if jobs == 0 or type(taken) ~= 'table' then return end
  local wait, prioritized, marker = ARGV[finish_at], ARGV[finish_at + 2], ARGV[finish_at + 13]
  if redis.call('ZCARD', prioritized) == 0 and redis.call('EXISTS', wait) == 0 then redis.call('ZREM', marker, '0') end
end

local function finish()
  local taken = move_to_finished(finish_at, finishing)
  unmark(taken)
  return taken
end

-- The job that was taken when this was sent first: it is locked with the token that the finished one had.
local function taken_before()
  local active, prefix, lock = ARGV[finish_at + 1], ARGV[finish_at + 20], ARGV[finish_at + 21]
  for _, id in ipairs(redis.call('LRANGE', active, 0, -1)) do
    local key = prefix .. id
    if id ~= ARGV[finish_at + 14] and redis.call('GET', key .. ':lock') == lock.token then
      redis.call('PEXPIRE', key .. ':lock', lock.lockDuration)
      return { redis.call('HGETALL', key), id, 0, 0 }
    end
  end
end

local function done(again)
  if closes and not close_run(run) then return { 'ended' } end
  if finishing == 0 then return { 'done' } end
  local taken
  if again then taken = taken_before() or 0 else taken = finish() end
  return { 'done', taken, begin_next(taken, run, ARGV[9], ARGV[10], ARGV[transition_at]) }
end

local last = redis.call('HMGET', run, 'rev', 'commit', 'aside')
if last[2] == ARGV[transition_at] then return done(true) end
local fence = read_fence(run, ARGV[1])
if not fence or fence.epoch ~= ARGV[2] or fence.execution ~= ARGV[3] then return { 'stale' } end
if last[1] ~= ARGV[5] or redis.call('EXISTS', run .. ':inbox', run .. ':lease') > 0 then return { 'moved' } end
if ARGV[4] ~= '' then redis.call('HINCRBYFLOAT', run, 'costUsd', ARGV[4]) end
apply(run, tonumber(last[1]), last[3], transition_at)
for i = 0, jobs - 1 do add_prioritized_job(jobs_at + i * width, width) end
return done(false)
