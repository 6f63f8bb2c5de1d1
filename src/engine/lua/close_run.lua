-- close_run: takes a run that has ended off the list of open ones, where nobody else is to be told of its end: no step has started it, it has started no runs, and it holds no
-- place among those of its workflow. Returns whether it did.
--- @include "list_ended"
local function lists_of(run)
  return string.gsub(run, '{[^{}]*}$', '{runs}'), string.match(run, '{([^{}]*)}$')
end

-- What that depends on does not change any more.
local function is_alone(run)
  local parent, children, place = unpack(redis.call('HMGET', run, 'parent', 'hasChildren', 'place'))
  return not (parent or children or place)
end

local function close_run(run)
  if not is_alone(run) then return false end
  local lists, id = lists_of(run)
  list_ended(lists, id, unpack(redis.call('HMGET', run, 'status', 'createdAt', 'finishedAt')))
  return true
end
