-- PINs as verifications, with what was done to deliver them. Two indices of each shard, LISTs of order+pinId, the latest last; order is 16
-- digits, microseconds, and greater than any before it. An entry may be of a PIN that is gone (sweep-pins.lua).
--   v                  all
--   va:<application>   of an application
--@include time

-- When an entry was made, ms.
local function made_of(entry) return string.sub(entry, 1, 13) end

-- Whether a PIN (include/pin.lua) is pending (verificationState of domain/plan.ts). Its seed went with whatever ended it but the expiry;
-- verified it may be for another use, and still have one.
local function pin_pending(pin)
  return pin.seed ~= '' and pin.verified == '' and tonumber(pin.expires) > now
end
