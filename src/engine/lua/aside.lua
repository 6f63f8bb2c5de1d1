-- keep_aside: remember something of a step besides its fence, and that the run has such things, so that closing a step without any costs nothing.
--   :memos  step: its memo | step:taken: the signal that it took     :waits  step: the signal that wakes it | step:woken: it was woken while at work
local function keep_aside(run, where, field, value)
  redis.call('HSET', run .. where, field, value)
  redis.call('HSET', run, 'aside', '1')
end

local function forget_aside(run, step)
  redis.call('HDEL', run .. ':memos', step, step .. ':taken')
  redis.call('HDEL', run .. ':waits', step, step .. ':woken')
end
