-- apply: store a transition over revision `rev`. `at` is the index in ARGV of its first value:
--   commit id | state | status | output | error | "outputs,opened,closed,events": how many of each follow |
--   (step, output)... | (actor, epoch)... | actor... | event...
-- Returns whether the run has ended.
local ended = { succeeded = true, failed = true, cancelled = true }

local function apply(run, rev, at)
  local commit, state, status, output, failure, counts = unpack(ARGV, at, at + 5)
  local outputs, opened, closed, events = string.match(counts, '^(%d+),(%d+),(%d+),(%d+)$')
  local next = at + 6
  for _ = 1, outputs do
    redis.call('HSET', run .. ':outputs', ARGV[next], ARGV[next + 1])
    next = next + 2
  end
  for _ = 1, opened do
    redis.call('HSET', run .. ':fences', ARGV[next], ARGV[next + 1] .. '|0||0|0|0|||')
    redis.call('HDEL', run .. ':memos', ARGV[next], ARGV[next] .. ':taken')
    next = next + 2
  end
  for _ = 1, closed do
    redis.call('HDEL', run .. ':fences', ARGV[next])
    next = next + 1
  end
  local time, seq
  for _ = 1, events do
    time, seq = append_event(run, ARGV[next])
    next = next + 1
  end
  redis.call('HSET', run, 'state', state, 'status', status, 'commit', commit, 'rev', rev + 1)
  if ended[status] then
    redis.call('HSET', run, 'finishedAt', time, 'output', output, 'error', failure)
    redis.call('DEL', run .. ':fences', run .. ':inbox', run .. ':lease', run .. ':memos', run .. ':waits', run .. ':signals', run .. ':signal-ids')
    redis.call('HDEL', run, 'paused')
  end
  if seq then announce(run, seq) end
  return ended[status] or false
end
