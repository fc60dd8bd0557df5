-- Deleting messages, whatever state they are in.
--@include bulks
-- Returns 1, or 0 when it was gone already.
local function message_erase(r, ref)
  local m = message_load(r, ref)
  if not m then return 0 end
  local channel, member = channel_of(m.b), message_member(m)
  message_unlist(r, m)
  redis.call('ZREM', r .. 'mr:' .. channel, member)
  redis.call('ZREM', r .. 'mg:' .. channel, member)
  if m.ci then redis.call('DEL', r .. 'mq:' .. (m.ca or '') .. ':' .. m.ci) end
  for call in string.gmatch(m.calls or '', '%S+') do redis.call('DEL', r .. 'd:' .. call, r .. 'di:' .. call) end
  return redis.call('DEL', r .. 'm:' .. ref)
end
