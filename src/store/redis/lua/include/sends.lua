-- What every send does: the limits, and the record of what brings the PIN.
--@include application-window
--@include number
--@include insert-bearer

-- Counts one send of a PIN against both limits, or against neither and says which frees last. `number_key`: see number.lua. `here`: the application's window is in
-- this shard, as on one server; in a cluster it was taken before, and is given back if this refuses. `refused`: ms for which the application's limit
-- refuses, as far as was seen before.
local function admit_send(id, application, number_key, application_attempts, application_ms, number_attempts, number_ms, here, refused)
  local sends = text_get(number_key)
  local of_number, wait = number_wait(sends, application, number_attempts, number_ms), refused or 0
  if here then
    local count = of_number > 0 and application_wait or application_add
    wait = count(application, application_attempts, application_ms)
  end
  if wait > of_number then return { 'limited', 'application', wait } end
  if of_number > 0 then return { 'limited', 'number', of_number } end
  number_add(number_key, sends, application, id, number_ms)
end
