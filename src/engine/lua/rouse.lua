-- rouse: mark a step as woken. One that is at work will find it when it wants to be parked.
local function rouse(run, step, fence)
  if fence.parked == '' then
    redis.call('HSET', run .. ':waits', step .. ':woken', '1')
    return { 'later' }
  end
  fence.parked = 'w'
  write_fence(run, step, fence)
  return { 'woken', fence.parks }
end
