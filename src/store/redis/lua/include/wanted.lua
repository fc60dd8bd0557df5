-- Whether what was started for a PIN at an instant is still wanted (isWanted of domain/plan.ts): not once it was verified since, or
-- ended by somebody. A PIN that is gone wants nothing; without a PIN there is nobody to say no.
--@include pin
local function still_wanted(id, started)
  if id == '' then return true end
  local pin = pin_read(id)
  if not pin or pin.state == 'superseded' or pin.state == 'cancelled' then return false end
  return pin.last == '' or tonumber(pin.last) < tonumber(started)
end
