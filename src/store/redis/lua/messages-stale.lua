-- Leases anew what was left in `sending`. ARGV: 2 how many at most, 3 lease in ms. Returns them (include/messages-read.lua).
--@include roots
--@include once
--@include messages-read
local function answer(leased)
  local rows = {}
  for _, each in ipairs(leased) do rows[#rows + 1] = message_read(KEYS[each[1]], each[2]) end
  return { rows, read_batches }
end
if first then return answer(cmsgpack.unpack(first)) end
local limit, stale = tonumber(ARGV[2]), {}
for _, k in ipairs(roots) do
  local found = redis.call('ZRANGEBYSCORE', KEYS[k] .. 'mt', '-inf', now, 'WITHSCORES', 'LIMIT', 0, limit)
  for i = 1, #found, 2 do stale[#stale + 1] = { tonumber(found[i + 1]), found[i], k } end
end
table.sort(stale, function(a, b)
  if a[1] ~= b[1] then return a[1] < b[1] end
  return a[2] < b[2]
end)
local leased = {}
for i = 1, math.min(limit, #stale) do
  local _, member, k = unpack(stale[i])
  redis.call('ZADD', KEYS[k] .. 'mt', now + tonumber(ARGV[3]), member)
  leased[i] = { k, message_ref(member) }
end
if leased[1] then finish(leased) end
return answer(leased)
