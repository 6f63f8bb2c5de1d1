-- append_event: gives an event the run's next number and stores it. Numbers have no gap because only this function gives them.
local function append_event(run, events, body)
  local time = redis.call('TIME')
  local at = time[1] .. string.format('%03d', math.floor(tonumber(time[2]) / 1000))
  local seq = redis.call('HINCRBY', run, 'seq', 1)
  redis.call('XADD', events, seq .. '-0', 'at', at, 'e', body)
  return at
end

-- announce: tells watchers that the run has news. They read the events themselves; a lost announcement loses nothing.
local function announce(channel, run)
  redis.call('PUBLISH', channel, redis.call('HGET', run, 'seq'))
end
