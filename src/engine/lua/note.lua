-- note: add a line to the history while an attempt goes on, if it is still the one that counts.
-- KEYS 1 run
-- ARGV 1 step | 2 epoch | 3 execution token | 4 event
-- RETURNS {"done"} | {"stale"}
-- Sent twice it adds two lines: they are news for watchers, and no record is made of them.
--- @include "append_event"
--- @include "fence"
local fence = read_fence(KEYS[1], ARGV[1])
if not fence or fence.epoch ~= ARGV[2] or fence.execution ~= ARGV[3] or fence.delivered then return { 'stale' } end
local _, seq = append_event(KEYS[1], ARGV[4])
announce(KEYS[1], seq)
return { 'done' }
