-- create: write a run that does not exist yet, its first transition made.
-- KEYS 1 run
-- ARGV 1 run.created event | 2 how many field, value pairs follow | pairs... | the transition (see apply.lua)
-- RETURNS {"created"} | {"exists"}
-- Sent twice it answers {"exists"}; the caller then completes what may be missing.
--- @include "apply"
local run = KEYS[1]
if redis.call('HEXISTS', run, 'id') == 1 then return { 'exists' } end
local last = 2 + 2 * tonumber(ARGV[2])
local at = append_event(run, ARGV[1])
redis.call('HSET', run, 'createdAt', at, unpack(ARGV, 3, last))
apply(run, 0, false, last + 1)
return { 'created' }
