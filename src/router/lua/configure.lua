-- configure: store the next version of the routing, unless somebody has changed it since it was read.
-- KEYS 1 routing | 2 routing-history                     (both {router})
-- ARGV 1 nowMs, 0: Redis's clock | 2 version that it was made from, -1: only read | 3 overrides, JSON | 4 author | 5 note
--      6 token of this change | 7 how many versions are kept
-- RETURNS {"changed", version, atMs} | {"moved", version, overrides, nowMs}
--- @include "now"
local now = current(ARGV[1])
local found = redis.call("HMGET", KEYS[1], "version", "overrides", "token", "at")
local version = tonumber(found[1] or "0")
-- Sent twice, because the first answer was lost.
if found[3] == ARGV[6] then return { "changed", version, tonumber(found[4]) } end
if version ~= tonumber(ARGV[2]) then return { "moved", version, found[2] or "", now } end
version = version + 1
redis.call("HSET", KEYS[1], "version", version, "overrides", ARGV[3], "at", now, "author", ARGV[4], "note", ARGV[5], "token", ARGV[6])
redis.call("LPUSH", KEYS[2], cjson.encode({ version = version, overrides = ARGV[3], at = now, author = ARGV[4], note = ARGV[5] }))
redis.call("LTRIM", KEYS[2], 0, tonumber(ARGV[7]) - 1)
return { "changed", version, now }
