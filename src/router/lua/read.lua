-- read: everything that one decision rests on.
-- KEYS see snapshot                                      (all {router})
-- ARGV 1 nowMs, 0: Redis's clock | 2.. see snapshot
-- RETURNS see snapshot
--- @include "now"
--- @include "snapshot"
return (snapshot(current(ARGV[1]), 1, 2))
