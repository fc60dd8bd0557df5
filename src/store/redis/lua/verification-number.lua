-- PINs of a destination, newest first: there are few. ARGV: 2 and 3 cursor (verification-scan.lua), 4 to, 5 since when or '', 6 state or '',
--   7 how many at most, 8 application or ''.
-- Returns as verification-scan, but all at once.
--@flags no-writes
--@include verifications
--@include number
--@include pin
--@include verification-state
local at, behind, since = tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[5])
local found = { 0 }
local ids = pins_of(ARGV[4])
for n = #ids, 1, -1 do
  if #found > 2 * ARGV[7] then break end
  local pin, text = pin_read(ids[n])
  local made = pin and tonumber(made_of(pin.order))
  local member = pin and pin.order .. ids[n]
  if
    pin and (not at or made < at or (made == at and member < behind))
    and (not since or made >= since)
    and (ARGV[8] == '' or pin.app == ARGV[8])
    and (ARGV[6] == '' or verification_state(text) == ARGV[6])
  then
    found[#found + 1] = made_of(pin.order)
    found[#found + 1] = member
  end
end
return found
