-- create: write a run that does not exist yet.
-- KEYS 1 run | 2 events                                       (all {runId})
-- ARGV 1 channel | 2 first event | 3.. field, value, ...
-- RETURNS {"created"} | {"exists"}
--- @include "append_event"
if redis.call('EXISTS', KEYS[1]) == 1 then return { 'exists' } end
redis.call('HSET', KEYS[1], 'status', 'queued', 'rev', '0', unpack(ARGV, 3))
local at, seq = append_event(KEYS[1], KEYS[2], ARGV[2])
redis.call('HSET', KEYS[1], 'createdAt', at)
announce(ARGV[1], seq)
return { 'created' }
