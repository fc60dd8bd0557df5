-- Answers those that are there and have none. ARGV: 2 bulkId, 3 answers: JSON of [messageId, [result, group, mcc+mnc]] each. Returns 1.
--@include repeat
--@include lookups
local rows, answers = root .. 'n:' .. ARGV[2], root .. 'na:' .. ARGV[2]
for _, given in ipairs(cjson.decode(ARGV[3])) do
  local id, answer = unpack(given)
  if redis.call('HEXISTS', rows, id) == 1 then
    redis.call('HSETNX', answers, id, cjson.encode({ now, unpack(answer) }))
  end
end
local left = redis.call('PTTL', rows)
if left > 0 then redis.call('PEXPIRE', answers, left) end
return finish(1)
