-- begin: start an attempt of a step, if this dispatch is still wanted, and load what the step reads.
-- KEYS 1 run
-- ARGV, RETURNS see begin_attempt.lua
--- @include "begin_attempt"
return begin_attempt(KEYS[1], ARGV)
