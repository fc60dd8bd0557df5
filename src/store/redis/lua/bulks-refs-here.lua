-- ARGV: 2… refs. Returns those that there are messages of, also in drafts.
--@flags no-writes
--@include time
local here = {}
for i = 2, #ARGV do
  if redis.call('EXISTS', root .. 'm:' .. ARGV[i]) == 1 then here[#here + 1] = ARGV[i] end
end
return here
