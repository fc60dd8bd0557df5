-- What is due, oldest first: {at, member, index of its root in KEYS, type, target} each.
--@include outbox
local function outbox_due(roots, kinds, limit)
  local due = {}
  for _, k in ipairs(roots) do
    local r = KEYS[k]
    for _, kind in ipairs(kinds[1] and kinds or redis.call('SMEMBERS', r .. 'et')) do
      -- Only the first `limit` targets can have one of the first `limit` events.
      for _, target in ipairs(redis.call('ZRANGEBYSCORE', r .. 'eh:' .. kind, '-inf', now, 'LIMIT', 0, limit)) do
        local queue = outbox_queue(r, kind, target)
        local found = redis.call('ZRANGEBYSCORE', queue, '-inf', now, 'WITHSCORES', 'LIMIT', 0, limit)
        for i = 1, #found, 2 do due[#due + 1] = { tonumber(found[i + 1]), found[i], k, kind, target } end
      end
    end
  end
  table.sort(due, function(a, b)
    if a[1] ~= b[1] then return a[1] < b[1] end
    return a[2] < b[2]
  end)
  for i = #due, limit + 1, -1 do due[i] = nil end
  return due
end
