-- create: write a run that does not exist yet.
-- KEYS 1 run
-- ARGV 1 first event | 2.. field, value, ...
-- RETURNS {"created"} | {"exists"}
--- @include "append_event"
if redis.call('EXISTS', KEYS[1]) == 1 then return { 'exists' } end
redis.call('HSET', KEYS[1], 'status', 'queued', 'rev', '0', unpack(ARGV, 2))
local at, seq = append_event(KEYS[1], ARGV[1])
redis.call('HSET', KEYS[1], 'createdAt', at)
announce(KEYS[1], seq)
return { 'created' }
