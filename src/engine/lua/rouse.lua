-- rouse: mark a step as woken. One that is at work will find it when it wants to be parked.
local function rouse(run, step, fence)
  if fence.parked == 'g' then return { 'later' } end
  if fence.parked == '' or fence.parked == 'p' then
    keep_aside(run, ':waits', step .. ':woken', '1')
    return { 'later' }
  end
  if fence.parked ~= 'w' then
    fence.parked = 'w'
    write_fence(run, step, fence)
  end
  return { 'woken', fence.parks }
end
