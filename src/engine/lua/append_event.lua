-- append_event: gives an event the run's next number and stores it. Numbers have no gap because only this function gives them.
-- Returns its time in epoch milliseconds, by Redis's clock, and its number.
local time
local function now()
  if not time then
    local clock = redis.call('TIME')
    time = clock[1] .. string.format('%03d', math.floor(tonumber(clock[2]) / 1000))
  end
  return time
end

local function append_event(run, body)
  local seq = redis.call('HINCRBY', run, 'seq', 1)
  redis.call('XADD', run .. ':events', seq .. '-0', 'at', now(), 'e', body)
  return now(), seq
end

-- announce: tells watchers that the run has news up to this number. They read the events themselves; a lost announcement loses nothing.
local function announce(run, seq)
  redis.call('PUBLISH', run .. ':feed', seq)
end
