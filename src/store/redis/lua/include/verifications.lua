-- PINs as verifications, with what was done to deliver them. Two indices of each shard, ZSETs of order+pinId by when it was made:
--   v                  all
--   va:<application>   of an application
--@include time

-- Adds the PIN's calls that are not over to `result`, oldest first.
local function live_calls(result, id)
  for call in string.gmatch(redis.call('HGET', root .. 'p:' .. id, 'by') or '', 'd:(%S+)') do
    if redis.call('HGET', root .. 'd:' .. call, 'state') ~= '4' then result[#result + 1] = call end
  end
  return result
end
