-- What a PIN (include/pin.lua) has come to: verificationState of domain/plan.ts.
--@include time
local function verification_state(pin)
  if pin.verified ~= '' then return 'verified' end
  if pin.state == 'cancelled' or pin.state == 'superseded' then return pin.state end
  if tonumber(pin.used) >= tonumber(pin.allowed) then return 'exhausted' end
  return tonumber(pin.expires) <= now and 'expired' or 'pending'
end
