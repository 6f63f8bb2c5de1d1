-- record: fold one call's outcome into its target's health, settle its booking, bind its run; then answer a question about the fleet.
-- KEYS 1 health of the called target | 2 its calls | 3 known targets | [use and leases of the provider, and of its key] | [binding] | question's, see snapshot
--                                                        (all {router})
-- ARGV 1 nowMs, 0: Redis's clock | 2 rules, JSON | 3 the call, JSON: see outcome; bind (provider) | 4.. question's
-- RETURNS see snapshot; `more`: the target's health and its calls, JSON
--- @include "now"
--- @include "outcome"
--- @include "snapshot"
local now, rules, call = current(ARGV[1]), cjson.decode(ARGV[2]), cjson.decode(ARGV[3])
local health_text, calls_text, question = take_outcome(1, call, now, rules)
if call.bind then
  redis.call("SET", KEYS[question], call.bind, "EX", 86400)
  question = question + 1
end
refuse_key(KEYS[question], call, now)
return snapshot(now, question, 4, { health_text, calls_text })
