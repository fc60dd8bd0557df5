-- Whether this subject holds the key `name` (idempotency-open), which was not answered yet: an answer that was given stays, since another
-- request may have read it already.
--@include time
local function idempotency_held(name, subject)
  local holder, ends, status = unpack(redis.call('HMGET', root .. 'x:' .. name, 's', 'x', 't'))
  return holder == subject and not status and tonumber(ends) > now
end
