-- Before `bulks-reschedule`: the validity of untried messages counts from the new time, and what its window put off is looked at anew.
-- ARGV: 2 name, 3 send time, 4 from which message on, 5 how many. Returns how many it looked at; fewer than asked for: that was all.
--@include repeat
--@include bulks
local name, send = ARGV[2], math.max(tonumber(ARGV[3]), now)
local bulk = bulk_read(name)
if not bulk or bulk_status(bulk) ~= 'PAUSED' then return 0 end
local from, paced = tonumber(ARGV[4]), {}
local refs = redis.call('LRANGE', root .. 'mx:' .. name, from, from + tonumber(ARGV[5]) - 1)
for _, ref in ipairs(refs) do
  local m = message_load(ref)
  if m and m.st == 'scheduled' and m.n == '0' then
    local member = message_member(m)
    if m.due ~= m.c then
      redis.call('HSET', root .. 'm:' .. ref, 'due', m.c)
      redis.call('ZADD', due_of(m), m.c, member)
    end
    if paced[m.l] == nil then paced[m.l] = redis.call('HGET', root .. 'ml:' .. name, 'p' .. m.l) ~= '' end
    local validity = batch_of(m).validity
    if validity and not paced[m.l] then
      redis.call('HSET', root .. 'm:' .. ref, 'x', send + validity)
      redis.call('ZADD', root .. 'me', send + validity, member)
    end
  end
end
return finish(#refs)
