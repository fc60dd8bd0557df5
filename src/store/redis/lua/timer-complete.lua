-- Removes a leased timer; one that was armed again meanwhile has yet to fire, and stays. ARGV: 2 id.
-- Returns how many.
--@flags allow-oom
--@include repeat
--@include roots
for _, k in ipairs(roots) do
  local key = KEYS[k] .. 'tb:' .. ARGV[2]
  local body = redis.call('GET', key)
  if body and string.byte(body) == 49 then
    redis.call('ZREM', KEYS[k] .. 't', ARGV[2])
    redis.call('DEL', key)
    return finish(1)
  end
end
return 0
