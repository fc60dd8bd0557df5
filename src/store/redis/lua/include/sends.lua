-- What every send does: the limits, and the record of what brings the PIN.
--@include application-window
--@include insert-bearer

-- Counts one send against both limits, or against neither and says which frees last. Where one server holds all shards `home` is
-- the root of the application's; in a cluster there is none, the application's window was taken before, and is given back if this refuses.
-- `refused`: ms for which the application's limit refuses, as far as was seen before.
local function admit_send(application, to, application_attempts, application_ms, number_attempts, number_ms, home, refused)
  local number_key = root .. 'wn:' .. application .. ':' .. to
  local times = text_get(number_key)
  local number_wait, wait = window_wait(times, number_attempts, number_ms), refused or 0
  if home then
    local count = number_wait > 0 and application_wait or application_add
    wait = count(home, application, application_attempts, application_ms)
  end
  if wait > number_wait then return { 'limited', 'application', wait } end
  if number_wait > 0 then return { 'limited', 'number', number_wait } end
  window_add(number_key, times, number_ms)
end
