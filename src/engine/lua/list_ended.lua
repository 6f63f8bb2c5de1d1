-- list_ended: takes a run off the list of open ones and puts it on that of its status, where it stands by its creation, and on that of ended runs, where it stands by its end
-- ('': not on that one). `lists` begins the keys of all lists. One that is not open was closed before: it may be removed by now, and is on no list any more.
local function list_ended(lists, id, status, created, finished)
  if redis.call('ZREM', lists .. ':open', id) == 0 then return end
  if status ~= '' then
    redis.call('ZADD', lists .. ':status:' .. status, 'NX', redis.call('ZSCORE', lists .. ':all', id) or created, id)
  end
  if finished ~= '' then redis.call('ZADD', lists .. ':ended', 'NX', finished, id) end
end
