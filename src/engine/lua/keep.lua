-- keep: renew the locks of jobs that a process is working on, where they are still its own.
-- KEYS 1 the queue's set of jobs that may have stalled
-- ARGV 1 what the queue's job keys begin with | 2 lock ms | 3.. job id, lock token, ...
-- RETURNS how many were renewed
local kept = 0
for i = 3, #ARGV, 2 do
  local lock = ARGV[1] .. ARGV[i] .. ':lock'
  if redis.call('GET', lock) == ARGV[i + 1] then
    redis.call('PEXPIRE', lock, ARGV[2])
    redis.call('SREM', KEYS[1], ARGV[i])
    kept = kept + 1
  end
end
return kept
