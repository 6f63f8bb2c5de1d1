-- read: the health of every target of one request, and the fleet's next number for round robin.
-- KEYS 1 keyring | 2 counter | 3.. targets               (all {router})
-- ARGV 1 nowMs, 0: Redis's clock | 2 "1": count
-- RETURNS {nowMs, counter, keyring hash, target hash...}; counter is 0 when not counted
--- @include "now"
--- @include "snapshot"
local counter = 0
if ARGV[2] == "1" then counter = redis.call("INCR", KEYS[2]) end
return snapshot(current(ARGV[1]), counter, KEYS[1], 3)
