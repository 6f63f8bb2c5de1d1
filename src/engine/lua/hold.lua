-- At most 500 deliveries are handed over at a time; the rest waits for the next commit.
-- post: put the outcome of an actor into the run's inbox, once, if its fence still holds. Returns a status word.
--   "posted" now | "again" it was there before | "stale" another dispatch or execution counts, or the run has ended
local function post(fences, inbox, actor, epoch, execution, delivery)
  local fence = read_fence(fences, actor)
  if not fence or fence.epoch ~= epoch then return 'stale' end
  if fence.delivered then return 'again' end
  if fence.execution ~= execution then return 'stale' end
  fence.delivered = true
  write_fence(fences, actor, fence)
  redis.call('RPUSH', inbox, delivery)
  return 'posted'
end

-- hold: take the run's lease if it is free (or already ours) and hand over state and inbox.
local function hold(run, inbox, lease, token, lease_ms)
  local holder = redis.call('GET', lease)
  if holder and holder ~= token then return { 'busy', redis.call('PTTL', lease) } end
  redis.call('SET', lease, token, 'PX', lease_ms)
  local fields = redis.call('HMGET', run, 'workflow', 'version', 'status', 'rev', 'state', 'input')
  local reply = { 'held', fields[1] or '', fields[2] or '', fields[3] or '', fields[4] or '', fields[5] or '', fields[6] or '' }
  for _, delivery in ipairs(redis.call('LRANGE', inbox, 0, 499)) do reply[#reply + 1] = delivery end
  return reply
end
