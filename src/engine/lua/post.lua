-- post: put a command for the whole run into its inbox, once. A worker folds it.
-- KEYS 1 run
-- ARGV 1 command id | 2 command, as the inbox holds it
-- RETURNS {"posted", workflow, version} also where it was posted before | {"ended", status} | {"missing"}
local run = KEYS[1]
local found = redis.call('HMGET', run, 'workflow', 'version', 'finishedAt', 'status')
if not found[1] then return { 'missing' } end
if found[3] then return { 'ended', found[4] } end
if redis.call('SADD', run .. ':known', 'command ' .. ARGV[1]) == 1 then redis.call('RPUSH', run .. ':inbox', ARGV[2]) end
return { 'posted', found[1], found[2] }
