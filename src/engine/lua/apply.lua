-- apply: store a transition over revision `rev`. `at` is the index in ARGV of its first value:
--   channel | commit id | state | status | output | error | n, n x (step, output) | n, n x (actor, epoch) opened | n, n x actor closed | n, n x event
-- Returns whether the run has ended.
local ended = { succeeded = true, failed = true, cancelled = true }

local function apply(keys, rev, at)
  local run = keys.run
  local channel, commit, state, status, output, failure = unpack(ARGV, at, at + 5)
  local next = at + 6
  local function list(width, each)
    local count = tonumber(ARGV[next])
    next = next + 1
    for _ = 1, count do
      each(ARGV[next], ARGV[next + 1])
      next = next + width
    end
  end
  list(2, function(step, value) redis.call('HSET', keys.outputs, step, value) end)
  list(2, function(actor, epoch) redis.call('HSET', keys.fences, actor, epoch .. '|0||0|0') end)
  list(1, function(actor) redis.call('HDEL', keys.fences, actor) end)
  local time, seq
  list(1, function(body) time, seq = append_event(run, keys.events, body) end)
  redis.call('HSET', run, 'state', state, 'status', status, 'commit', commit, 'rev', rev + 1)
  if rev == 0 and time then redis.call('HSET', run, 'startedAt', time) end
  if ended[status] then
    redis.call('HSET', run, 'finishedAt', time, 'output', output, 'error', failure)
    redis.call('DEL', keys.fences, keys.inbox, keys.lease)
  end
  if seq then announce(channel, seq) end
  return ended[status] or false
end
