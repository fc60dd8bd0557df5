-- Takes messageIds of this shard for messages that are written already. ARGV: 2 channel, 3 1 to take over what the caller found to be
-- nobody's, 4… messageId, ref, holder that it found or '' of each. Returns those that are another's: place, their holder's ref, ….
--   mi:<channel>:<messageId>   ref
--@include once
local taken = {}
for i = 4, #ARGV, 3 do
  local key = root .. 'mi:' .. ARGV[2] .. ':' .. ARGV[i]
  local holder = redis.call('SET', key, ARGV[i + 1], 'NX', 'GET')
  if holder and ARGV[3] == '1' and holder == ARGV[i + 2] then
    redis.call('SET', key, ARGV[i + 1])
  elseif holder and holder ~= ARGV[i + 1] then
    taken[#taken + 1] = (i - 4) / 3
    taken[#taken + 1] = holder
  end
end
return taken
