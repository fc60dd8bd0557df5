-- When the PINs of a destination and application were verified and sent, the latest first. ARGV: 2 application, 3 to.
-- Returns {verified or '', sent or ''} of each.
--@flags no-writes
--@include time
--@include pin
--@include number
local ids = pins_of(ARGV[3])
local rows = {}
for n = #ids, 1, -1 do
  local pin = pin_read(ids[n])
  if pin and pin.app == ARGV[2] then rows[#rows + 1] = { pin.verified, pin.sent } end
end
return rows
