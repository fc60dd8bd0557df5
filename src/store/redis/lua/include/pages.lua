-- Pages of an index, a ZSET in each shard: by score, then by member. A cursor is the score and the member (or how it begins) of the last one
-- seen: what was added or went since changes nothing for the rest.
--@include time
-- The rank of the first member behind the cursor, by a search among those of its score.
local function page_start(zset, backwards, score, member)
  local before = backwards and redis.call('ZCOUNT', zset, '(' .. score, '+inf') or redis.call('ZCOUNT', zset, '-inf', '(' .. score)
  local low, high = before, before + redis.call('ZCOUNT', zset, score, score)
  local range = backwards and 'ZREVRANGE' or 'ZRANGE'
  while low < high do
    local middle = math.floor((low + high) / 2)
    local other = redis.call(range, zset, middle, middle)[1]
    local behind
    if backwards then behind = other < member else behind = other > member end
    if behind then high = middle else low = middle + 1 end
  end
  return low
end

-- Member and score of each, one after the other; without a cursor (score '') from the beginning.
local function page_of(index, backwards, score, member, count)
  local start = score == '' and 0 or page_start(root .. index, backwards, score, member)
  return redis.call(backwards and 'ZREVRANGE' or 'ZRANGE', root .. index, start, start + count - 1, 'WITHSCORES')
end
