-- record: book calls that begin where no limit holds them back, take in the outcomes of calls that end; then answer questions about the fleet.
-- KEYS see outcome | each question's, see snapshot       (all {router})
-- ARGV 1 nowMs, 0: Redis's clock | 2 rules, JSON | 3 the calls, JSON: see outcome | 4.. each question's, see snapshot
-- RETURNS {health of the first target, its calls, ... | answer to each question}
--- @include "now"
--- @include "outcome"
--- @include "snapshot"
local now, rules = current(ARGV[1]), cjson.decode(ARGV[2])
local texts, key = take_outcomes(1, cjson.decode(ARGV[3]), now, rules)
for at = 4, #ARGV, 5 do
  local text
  text, key = snapshot(now, key, at)
  texts[#texts + 1] = text
end
return texts
