-- PINs with all that was done to deliver them, of one instant. ARGV: 2… pinIds.
-- Returns {now, {pinId, the PIN, its plan, {ref and both texts of each call}, {the same of each text or mail}} of each that is there}.
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
      table.insert(brought[kind], { ref, bearer_lines(kind, ref), bearer_info(kind, ref) })
    end
    found[#found + 1] = { id, text, redis.call('HGETALL', root .. 'r:' .. id), brought.d, brought.g }
  end
end
return { now, found }
