-- begin_next: begins the attempt of the job that a script of BullMQ's has taken, where its data say how (`begin`). Takes that script's answer, the key of any run, the
-- execution token, the worker, and the commit of that run whose state the worker has. Returns what begin_attempt does; nil where nothing was taken or begun.
--- @include "begin_attempt"
local function digits(value)
  return value and string.format('%d', value) or ''
end

-- Of a job that somebody has tampered with there may be no data, or not ours.
local function data_of(fields)
  for at = 1, #fields, 2 do
    if fields[at] == 'data' then return cjson.decode(fields[at + 1]) end
  end
  return {}
end

local function begin_taken(taken, any_run, token, worker, commit)
  if type(taken) ~= 'table' or type(taken[1]) ~= 'table' then return nil end
  local job = data_of(taken[1])
  local how = job.begin
  if not how then return nil end
  local run = string.gsub(any_run, '{[^{}]*}$', '{' .. job.run .. '}')
  local given = {
    job.actor, digits(job.epoch), token, digits(job.times), digits(how.attempts), worker,
    run == any_run and commit or '', how.bare and 'bare' or '', unpack(how.reads or {})
  }
  return begin_attempt(run, given)
end

-- The job is taken by now, and perhaps a transition committed: what cannot be begun here is left to the worker, who finds the same and says so.
local function begin_next(...)
  local tried, begun = pcall(begin_taken, ...)
  return tried and begun or nil
end
