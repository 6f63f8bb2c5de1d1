-- close_runs: takes runs that have ended off the list of open ones.
-- KEYS 1 what the keys of all lists begin with
-- ARGV four values a run, see list_ended.lua: id | status ('': it is not there any more) | created | finished ('': it goes with the run of the step that started it)
-- RETURNS nothing
-- One that is not open was closed before: sent again, or by another process, it may be removed by now and is on no list any more.
--- @include "list_ended"
for i = 1, #ARGV, 4 do
  if redis.call('ZSCORE', KEYS[1] .. ':open', ARGV[i]) then list_ended(KEYS[1], unpack(ARGV, i, i + 3)) end
end
