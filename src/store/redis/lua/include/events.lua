-- The log of events, each in the shard of its PIN. `order` is 22 digits, as of the outbox.
--   l:<id>    HASH y type, a application, p pinId, d data (JSON), t at, c logged, o order
--   l, la:<application>, lp:<pinId>   ZSET order+id by at
--   ls        ZSET id by when it was logged
--@include time
-- As the adapter reads it; nil: there is none.
local function logged_read(id)
  local row = redis.call('HMGET', root .. 'l:' .. id, 'y', 'a', 'p', 'd', 't', 'c')
  return row[1] and { id, unpack(row) } or nil
end

local function logged_indices(application, pin)
  return { root .. 'l', root .. 'la:' .. application, root .. 'lp:' .. pin }
end
