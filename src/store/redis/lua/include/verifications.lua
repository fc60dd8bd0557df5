-- PINs as verifications, with what was done to deliver them. Two indices of each shard, ZSETs of order+pinId by when it was made:
--   v                  all
--   va:<application>   of an application
--@include time

-- Whether a PIN (include/pin.lua) is pending (verificationState of domain/plan.ts). Its seed went with whatever ended it but the expiry;
-- verified it may be for another use, and still have one.
local function pin_pending(pin)
  return pin.seed ~= '' and pin.verified == '' and tonumber(pin.expires) > now
end
