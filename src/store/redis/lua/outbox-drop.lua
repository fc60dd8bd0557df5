-- Deletes events of types that nobody consumes. ARGV: 2 older than ms, 3 how many at most, 4… types to keep.
-- Returns how many; fewer than asked for: there are no more. A claimed one stays until its lease is over.
--@include repeat
--@include outbox
local before, limit = now - tonumber(ARGV[2]), tonumber(ARGV[3])
local kept, dropped = {}, 0
for i = 4, #ARGV do kept[ARGV[i]] = true end
for _, kind in ipairs(redis.call('SMEMBERS', root .. 'et')) do
  if not kept[kind] then
    for _, target in ipairs(redis.call('ZRANGEBYSCORE', root .. 'eh:' .. kind, '-inf', before, 'LIMIT', 0, limit)) do
      if dropped >= limit then break end
      local old = redis.call('ZRANGEBYSCORE', outbox_queue(kind, target), '-inf', before, 'LIMIT', 0, limit - dropped)
      for _, member in ipairs(old) do
        dropped = dropped + outbox_remove(string.sub(member, ORDER_DIGITS + 1))
      end
    end
  end
end
return finish(dropped)
