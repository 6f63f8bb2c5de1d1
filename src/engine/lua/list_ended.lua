-- list_ended: takes a run off the list of open ones and puts it on those of ended ones: of its status, by its creation, and of those to be removed one day, by its end ('': it is not).
-- `lists` begins the keys of all lists.
local function list_ended(lists, id, status, created, finished)
  if status ~= '' then
    redis.call('ZADD', lists .. ':status:' .. status, 'NX', redis.call('ZSCORE', lists .. ':all', id) or created, id)
  end
  if finished ~= '' then redis.call('ZADD', lists .. ':ended', 'NX', finished, id) end
  redis.call('ZREM', lists .. ':open', id)
end
