-- next_job: takes the next job of a queue, and begins its attempt.
-- KEYS 1 any run
-- ARGV 1 execution token | 2 worker | 3.. what BullMQ's moveToActive is given, its keys first
-- RETURNS {what moveToActive answers, how the job in it was begun (see begin_next.lua)}
--- @include "begin_next"
local taken = move_to_active(3, #ARGV - 2)
return { taken, begin_next(taken, KEYS[1], ARGV[1], ARGV[2], '') }
