-- close_runs: takes runs that have ended off the list of open ones.
-- KEYS 1 what the keys of all lists begin with
-- ARGV four values a run, see list_ended.lua: id | status ('': it is not there any more) | created | finished ('': it goes with the run of the step that started it)
-- RETURNS nothing
--- @include "list_ended"
for i = 1, #ARGV, 4 do list_ended(KEYS[1], unpack(ARGV, i, i + 3)) end
