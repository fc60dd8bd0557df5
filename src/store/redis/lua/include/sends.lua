-- What every send does: the limits, and the record of what brings the PIN.
--   i:<to>    LIST of pinIds, the latest last
--   d:<ref>   HASH, a call (domain/types.ts Delivery)
--   g:<ref>   HASH, a text or mail (domain/pin-message.ts)
--@include windows

-- Counts one send against both limits, or against neither and says which frees last. Where one server holds all shards KEYS[3]
-- is the root of the application's; in a cluster the application's window was taken before, and is given back if this refuses.
local function admit_send(application, to, application_attempts, application_ms, number_attempts, number_ms)
  local application_key = KEYS[3] and KEYS[3] .. 'wa:' .. application
  local number_key = root .. 'wn:' .. application .. ':' .. to
  local application_wait = 0
  if application_key then
    application_wait = window_wait(application_key, application_attempts, application_ms)
  end
  local number_wait = window_wait(number_key, number_attempts, number_ms)
  if application_wait > number_wait then return { 'limited', 'application', application_wait } end
  if number_wait > 0 then return { 'limited', 'number', number_wait } end
  if application_key then window_add(application_key, application_ms) end
  window_add(number_key, number_ms)
end

-- Writes what brings a PIN (`kind` d or g) or, for a call with an empty `pin`, a message of a bulk.
local function insert_bearer(kind, ref, pin, info)
  redis.call('HSET', root .. kind .. ':' .. ref, 'info', info, 'pin', pin, 'created', now_text)
end
