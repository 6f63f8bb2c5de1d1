-- pending: why a plan cannot be changed; nil: it can.
local function refusal(key, expected, now)
  local state, version, expires, run = unpack(redis.call('HMGET', key, 'state', 'version', 'expiresAt', 'run'))
  if not state then return { 'missing' } end
  if state ~= 'pending' then return { state, run or '' } end
  if tonumber(now) >= tonumber(expires) then return { 'expired', expires } end
  if expected ~= '' and version ~= expected then return { 'stale', version } end
  return nil
end
