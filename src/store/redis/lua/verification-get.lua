-- PINs with all that was done to deliver them, of one instant. ARGV: 2… pinIds.
-- Returns {now, {pinId, the PIN, its plan, {both texts of each call}, {both texts of each text or mail}} of each that is there}.
--@flags no-writes
--@include time
--@include pin
--@include bearer
local found = {}
for n = 2, #ARGV do
  local id = ARGV[n]
  local pin, text = pin_read(id)
  if pin then
    local brought = { d = {}, g = {} }
    for kind, ref in string.gmatch(pin.by, '(%a):(%S+)') do
      table.insert(brought[kind], { bearer_lines(kind, ref), redis.call('GET', root .. kind .. 'i:' .. ref) })
    end
    found[#found + 1] = { id, pin_whole(id, text), redis.call('HGETALL', root .. 'r:' .. id), brought.d, brought.g }
  end
end
return { now, found }
