-- now: epoch milliseconds. "0" means Redis's own clock, so that the hosts' clocks do not matter; a test gives its own.
local function current(given)
  local now = tonumber(given)
  if now > 0 then return now end
  local time = redis.call("TIME")
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
