-- apply: store a transition over revision `rev`. `at` is the index in ARGV of its first value:
--   commit id | state | status | output | error | "outputs,opened,closed,abandoned,events,unpauses": how many of each follow; 1: a paused run goes on |
--   (step, output)... | (actor, epoch)... | actor... | actor... | event...
-- `aside`: whether steps of the run have memos or waits. Returns whether the run has ended.
--- @include "append_event"
--- @include "fence"
--- @include "aside"
local ended = { succeeded = true, failed = true, cancelled = true }

-- Steps that nobody wants any more. Field `parked` of the run keeps "actor|epoch|parks", a line each, of those that were ever parked: their jobs bear that number.
local function abandon(run, first, last)
  local parked = {}
  for i = first, last do
    local fence = read_fence(run, ARGV[i])
    redis.call('HDEL', run .. ':fences', ARGV[i])
    if fence and fence.parks ~= '' then parked[#parked + 1] = table.concat({ ARGV[i], fence.epoch, fence.parks }, '|') end
  end
  if #parked == 0 then return end
  local known = redis.call('HGET', run, 'parked')
  redis.call('HSET', run, 'parked', (known and (known .. '\n') or '') .. table.concat(parked, '\n'))
end

local function apply(run, rev, aside, at)
  local commit, state, status, output, failure, counts = unpack(ARGV, at, at + 5)
  local outputs, opened, closed, abandoned, events, unpauses = string.match(counts, '^(%d+),(%d+),(%d+),(%d+),(%d+),(%d)$')
  local next = at + 6
  for _ = 1, outputs do
    redis.call('HSET', run .. ':outputs', ARGV[next], ARGV[next + 1])
    next = next + 2
  end
  for _ = 1, opened do
    redis.call('HSET', run .. ':fences', ARGV[next], ARGV[next + 1] .. '|0||0|0|0|||')
    if aside then forget_aside(run, ARGV[next]) end
    next = next + 2
  end
  for _ = 1, closed do
    redis.call('HDEL', run .. ':fences', ARGV[next])
    if aside then forget_aside(run, ARGV[next]) end
    next = next + 1
  end
  abandon(run, next, next + abandoned - 1)
  for _ = 1, abandoned do
    if aside then forget_aside(run, ARGV[next]) end
    next = next + 1
  end
  local time, seq
  for _ = 1, events do
    time, seq = append_event(run, ARGV[next])
    next = next + 1
  end
  redis.call('HSET', run, 'state', state, 'status', status, 'commit', commit, 'rev', rev + 1)
  if unpauses == '1' then redis.call('HDEL', run, 'paused') end
  if ended[status] then
    redis.call('HSET', run, 'finishedAt', time, 'output', output, 'error', failure)
    redis.call('DEL', run .. ':fences', run .. ':inbox', run .. ':lease', run .. ':memos', run .. ':waits', run .. ':signals', run .. ':known')
    redis.call('HDEL', run, 'paused', 'aside')
  end
  if seq then announce(run, seq) end
  return ended[status] or false
end
