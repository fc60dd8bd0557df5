-- Some of a bulk's messages. ARGV: 2 name, 3 from which on, 4 how many, 5 'd': only those whose report was not handed out yet, 'g': all.
-- Returns how many were looked at, then time (done, or in the log), order, ref of each.
--@flags no-writes
--@include messages
local from = tonumber(ARGV[3])
local refs = redis.call('LRANGE', root .. 'mx:' .. ARGV[2], from, from + tonumber(ARGV[4]) - 1)
local found = { #refs }
for _, ref in ipairs(refs) do
  local at, order, state, reported = unpack(redis.call('HMGET', root .. 'm:' .. ref, ARGV[5], 'o', 'st', 'rp'))
  if at and (ARGV[5] == 'g' or (state == 'done' and not reported)) then
    found[#found + 1] = at
    found[#found + 1] = order
    found[#found + 1] = ref
  end
end
return found
