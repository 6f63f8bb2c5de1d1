-- note: add a line to the history while an attempt goes on, if it is still the one that counts.
-- KEYS 1 run | 2 fences | 3 events                            (all {runId})
-- ARGV 1 channel | 2 step | 3 epoch | 4 execution token | 5 event
-- RETURNS {"done"} | {"stale"}
--- @include "append_event"
--- @include "fence"
local fence = read_fence(KEYS[2], ARGV[2])
if not fence or fence.epoch ~= ARGV[3] or fence.execution ~= ARGV[4] or fence.delivered then return { 'stale' } end
local _, seq = append_event(KEYS[1], KEYS[3], ARGV[5])
announce(ARGV[1], seq)
return { 'done' }
