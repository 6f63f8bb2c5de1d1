-- fence: one field of the run's fences, by actor: "epoch|attempt|execution|delivered|since|ended|avoid|parked|parks".
--   epoch      number of the dispatch            attempt    attempts begun, 0 before the first
--   execution  token of the execution under way  delivered  1 once its outcome is in the inbox
--   since      epoch milliseconds of the first attempt's begin, 0 before it
--   ended      attempts that ended and were suspended; one whose worker died did not end
--   avoid      providers that failed the attempt that ended last, with commas
--   parked     of a step that is parked: epoch milliseconds at which it goes on by itself, 0: only when it is woken, w: it was woken,
--              p: it has yet to start, because the run was paused when its job came, g: it was not parked after all and goes on in the same job.
--              Empty: it is not parked
--   parks      how often it was parked; empty: never. Only the job that bears this number may begin
local function read_fence(run, actor)
  local value = redis.call('HGET', run .. ':fences', actor)
  if not value then return nil end
  local epoch, attempt, execution, delivered, since, ended, avoid, parked, parks =
    string.match(value, '^(%d+)|(%d+)|([^|]*)|(%d)|(%d+)|(%d+)|([^|]*)|([%dwpg]*)|(%d*)$')
  return {
    epoch = epoch, attempt = tonumber(attempt), execution = execution, delivered = delivered == '1',
    since = since, ended = ended, avoid = avoid, parked = parked, parks = parks,
  }
end

local function write_fence(run, actor, fence)
  redis.call('HSET', run .. ':fences', actor, table.concat(
    { fence.epoch, fence.attempt, fence.execution, fence.delivered and '1' or '0', fence.since, fence.ended, fence.avoid, fence.parked, fence.parks }, '|'))
end

-- park: its job ends; the one in which it goes on bears the next number.
local function park(fence, how)
  fence.parked = how
  fence.parks = tostring((tonumber(fence.parks) or 0) + 1)
end
