-- When the PINs of a destination and application were verified and sent, the latest first. ARGV: 2 application, 3 to.
-- Returns {verified or nil, sent or nil} of each.
--@flags no-writes
--@include time
local ids = redis.call('LRANGE', root .. 'i:' .. ARGV[3], 0, -1)
local rows = {}
for n = #ids, 1, -1 do
  local row = redis.call('HMGET', root .. 'p:' .. ids[n], 'verified', 'sent', 'app')
  if row[3] == ARGV[2] then rows[#rows + 1] = row end
end
return rows
