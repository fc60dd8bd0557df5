-- Gives messageIds of this shard back. ARGV: 2 channel, 3… messageId, ref of each. Returns 1.
--@include once
for i = 3, #ARGV, 2 do
  local key = root .. 'mi:' .. ARGV[2] .. ':' .. ARGV[i]
  if redis.call('GET', key) == ARGV[i + 1] then redis.call('DEL', key) end
end
return 1
