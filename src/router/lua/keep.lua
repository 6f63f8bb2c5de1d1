-- keep: prolong the leases of a call under way. One that is over stays so: it has given back what it had reserved, or will.
-- KEYS leases of the provider | [of its key]             (all {router})
-- ARGV 1 nowMs, 0: Redis's clock | 2 the lease | 3 leaseMs
-- RETURNS nowMs
--- @include "now"
local now = current(ARGV[1])
for _, leases in ipairs(KEYS) do
  local ends = redis.call("ZSCORE", leases, ARGV[2])
  if ends and tonumber(ends) > now then redis.call("ZADD", leases, now + tonumber(ARGV[3]), ARGV[2]) end
end
return now
