-- take: give the oldest kept signal of a name to a step. What an execution took, a later one of the same dispatch gets again.
-- KEYS 1 run
-- ARGV 1 step | 2 epoch | 3 execution token | 4 name
-- RETURNS {"taken", payload} | {"none"} | {"stale"}
--- @include "fence"
--- @include "aside"
local run = KEYS[1]
local fence = read_fence(run, ARGV[1])
if not fence or fence.epoch ~= ARGV[2] or fence.execution ~= ARGV[3] then return { 'stale' } end
local had = redis.call('HGET', run .. ':memos', ARGV[1] .. ':taken')
if had then return { 'taken', had } end
local kept = redis.call('HGET', run .. ':signals', ARGV[4])
if not kept then return { 'none' } end
local first, rest = string.match(kept, '^([^\n]*)\n?(.*)$')
if rest == '' then redis.call('HDEL', run .. ':signals', ARGV[4]) else redis.call('HSET', run .. ':signals', ARGV[4], rest) end
keep_aside(run, ':memos', ARGV[1] .. ':taken', first)
return { 'taken', first }
