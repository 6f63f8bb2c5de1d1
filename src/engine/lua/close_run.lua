-- close_run: takes a run that has ended off the list of open ones, where nobody else is to be told of its end: no step has started it, it has started no runs, and it holds no
-- place among those of its workflow. Returns whether it did.
--- @include "list_ended"
local function lists_of(run)
  return string.gsub(run, '{[^{}]*}$', '{runs}'), string.match(run, '{([^{}]*)}$')
end

local function close_run(run)
  local parent, children, place, status, created, finished =
    unpack(redis.call('HMGET', run, 'parent', 'hasChildren', 'place', 'status', 'createdAt', 'finishedAt'))
  if parent or children or place then return false end
  local lists, id = lists_of(run)
  list_ended(lists, id, status, created, finished)
  return true
end

local function is_closed(run)
  local lists, id = lists_of(run)
  return not redis.call('ZSCORE', lists .. ':open', id)
end
