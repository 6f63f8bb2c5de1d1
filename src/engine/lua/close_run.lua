-- close_run: takes a run that has ended off the list of open ones, where nobody else is to be told of its end: no step has started it, it has started no runs, and it holds no
-- place among those of its workflow. Returns whether it did; repeated it does and answers the same, for none of that changes once the run has ended.
--- @include "list_ended"
local function close_run(run)
  local parent, children, place, status, created, finished =
    unpack(redis.call('HMGET', run, 'parent', 'hasChildren', 'place', 'status', 'createdAt', 'finishedAt'))
  if not finished or parent or children or place then return false end
  local lists, id = string.gsub(run, '{[^{}]*}$', '{runs}'), string.match(run, '{([^{}]*)}$')
  list_ended(lists, id, status, created, finished)
  return true
end
