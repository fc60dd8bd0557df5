-- What is due, oldest first: {at, member, type, target} each.
--@include outbox
local function outbox_due(kinds, limit)
  local due = {}
  for _, kind in ipairs(kinds[1] and kinds or redis.call('SMEMBERS', root .. 'et')) do
    -- Only the first `limit` targets can have one of the first `limit` events.
    for _, target in ipairs(redis.call('ZRANGEBYSCORE', root .. 'eh:' .. kind, '-inf', now, 'LIMIT', 0, limit)) do
      local found = redis.call('ZRANGEBYSCORE', outbox_queue(kind, target), '-inf', now, 'WITHSCORES', 'LIMIT', 0, limit)
      for i = 1, #found, 2 do due[#due + 1] = { tonumber(found[i + 1]), found[i], kind, target } end
    end
  end
  table.sort(due, function(a, b)
    if a[1] ~= b[1] then return a[1] < b[1] end
    return a[2] < b[2]
  end)
  for i = #due, limit + 1, -1 do due[i] = nil end
  return due
end
