-- fence: one field of the run's fences, by actor: "epoch|attempt|execution|delivered|since|ended|avoid|until|parks".
--   epoch      number of the dispatch            attempt    attempts begun, 0 before the first
--   execution  token of the execution under way  delivered  1 once its outcome is in the inbox
--   since      epoch milliseconds of the first attempt's begin, 0 before it
--   ended      attempts that ended and were suspended; one whose worker died did not end
--   avoid      providers that failed the attempt that ended last, with commas
--   until      of a step that is parked: epoch milliseconds at which it goes on by itself, 0: only when it is woken, w: it was woken. Empty: it is not parked
--   parks      of a step that was ever parked: which of its suspensions that was last. Its job since then bears that number
local function read_fence(run, actor)
  local value = redis.call('HGET', run .. ':fences', actor)
  if not value then return nil end
  local epoch, attempt, execution, delivered, since, ended, avoid, parked, parks =
    string.match(value, '^(%d+)|(%d+)|([^|]*)|(%d)|(%d+)|(%d+)|([^|]*)|?([%dw]*)|?(%d*)$')
  return {
    epoch = epoch, attempt = tonumber(attempt), execution = execution, delivered = delivered == '1',
    since = since, ended = ended, avoid = avoid, parked = parked, parks = parks,
  }
end

local function write_fence(run, actor, fence)
  redis.call('HSET', run .. ':fences', actor, table.concat(
    { fence.epoch, fence.attempt, fence.execution, fence.delivered and '1' or '0', fence.since, fence.ended, fence.avoid, fence.parked, fence.parks }, '|'))
end
