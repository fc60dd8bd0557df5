-- Deleting messages, whatever state they are in.
--@include bulks
-- Returns 1, or 0 when it was gone already.
local function message_erase(ref)
  local m = message_load(ref)
  if not m then return 0 end
  local channel, member = channel_of(m.b), message_member(m)
  message_unlist(m)
  redis.call('ZREM', root .. 'mr:' .. channel, member)
  redis.call('ZREM', root .. 'mg:' .. channel, member)
  if m.ci then redis.call('DEL', root .. 'mq:' .. (m.ca or '') .. ':' .. m.ci) end
  for call in string.gmatch(m.calls or '', '%S+') do redis.call('DEL', root .. 'd:' .. call, root .. 'id:' .. call) end
  return redis.call('DEL', root .. 'm:' .. ref)
end
