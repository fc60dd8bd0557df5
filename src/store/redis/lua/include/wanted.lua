-- Whether what was started for a PIN at an instant is still wanted (isWanted of domain/plan.ts): not once it was verified since, or
-- ended by somebody. A PIN that is gone wants nothing; without a PIN there is nobody to say no.
--@include time
local function still_wanted(pin, started)
  if pin == '' then return true end
  local row = redis.call('HMGET', root .. 'p:' .. pin, 'created', 'state', 'last_verified')
  if not row[1] or row[2] == 'superseded' or row[2] == 'cancelled' then return false end
  return not row[3] or tonumber(row[3]) < tonumber(started)
end
