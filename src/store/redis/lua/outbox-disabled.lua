-- ARGV: 2… hashes of addresses of this shard. Returns those that are disabled.
--@flags no-writes
--@include time
local disabled = {}
for i = 2, #ARGV do
  local ends = redis.call('GET', root .. 'ed:' .. ARGV[i])
  if ends and tonumber(ends) > now then disabled[#disabled + 1] = ARGV[i] end
end
return disabled
