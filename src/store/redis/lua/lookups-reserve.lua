-- Takes ids of this shard for a bulk, before its rows are written. ARGV: 2 bulkId, 3 for how many ms, 4 the age in ms from which
-- another's hold is void (0: never; the caller found no row under it), 5… messageIds. Returns what is another's: id, its bulkId, ….
--@include once
--@include lookups
local bulk, keep, void = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local taken = {}
for i = 5, #ARGV do
  local key = root .. 'ni:' .. ARGV[i]
  local since, holder = string.match(redis.call('GET', key) or '', '^(%d+) (.*)$')
  if not since or holder == bulk or (void > 0 and tonumber(since) <= now - void) then
    redis.call('SET', key, string.format('%d %s', now, bulk), 'PX', keep + 60000)
  else
    taken[#taken + 1] = ARGV[i]
    taken[#taken + 1] = holder
  end
end
return taken
