-- ARGV: 2 name, 3 paused, running or canceled. Returns 'unknown', 'refused' or 'changed', then the bulk (include/bulks.lua).
--@include repeat
--@include bulks
local name, to = ARGV[2], ARGV[3]
local key = root .. 'mb:' .. name
local bulk = bulk_read(name)
if not bulk then return { 'unknown' } end
local status = bulk_status(bulk)
if status == 'FINISHED' or status == 'FAILED' or (status == 'CANCELED' and to ~= 'canceled') then
  return { 'refused', bulk_answer(bulk) }
end
local order = redis.call('HGET', key, 'order')
local function hold(state)
  redis.call('HSET', key, 'hold', state)
  each_lane(name, function(lane) lane_refresh(name, lane, 0) end)
end
if to == 'paused' then
  hold('paused')
elseif to == 'canceled' and status ~= 'CANCELED' then
  hold('canceling')
  redis.call('ZADD', root .. 'mz', order, name)
elseif to == 'running' and bulk[1] then
  redis.call('HDEL', key, 'hold')
  each_lane(name, function(lane)
    -- No slot of the time that it was held is left.
    local next_slot = tonumber(redis.call('HGET', root .. 'ml:' .. name, 'n' .. lane))
    if next_slot < now then redis.call('HSET', root .. 'ml:' .. name, 'n' .. lane, now) end
    lane_refresh(name, lane, 0)
  end)
end
return finish({ 'changed', bulk_answer(bulk_read(name)) })
