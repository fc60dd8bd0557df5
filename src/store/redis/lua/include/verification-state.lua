-- What a PIN has come to: verificationState of domain/plan.ts. `text` is the PIN as it lies there (include/pin.lua), of which this reads only
-- the lines that it needs.
--@include time
local STATE_LINES = '^[^\n]*\n[^\n]*\n[^\n]*\n(%d*)\n[^\n]*\n(%d*)\n(%d*)\n(%a*)\n[^\n]*\n(%d*)'
local function verification_state(text)
  local expires, allowed, used, state, verified = string.match(text, STATE_LINES)
  if verified ~= '' then return 'verified' end
  if state == 'cancelled' or state == 'superseded' then return state end
  if tonumber(used) >= tonumber(allowed) then return 'exhausted' end
  return tonumber(expires) <= now and 'expired' or 'pending'
end
