-- Pages of an index: ZSETs of the same name in all shards of KEYS, read as one, by score, then by member. A cursor is the score and
-- the member (or how it begins) of the last one seen: what was added or went since changes nothing for the rest.
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

-- { score, member, index of its root in KEYS } of each; without a cursor (score '') from the beginning.
local function page_of(index, backwards, score, member, count)
  local page = {}
  for k, r in ipairs(KEYS) do
    local start = score == '' and 0 or page_start(r .. index, backwards, score, member)
    local found = redis.call(backwards and 'ZREVRANGE' or 'ZRANGE', r .. index, start, start + count - 1, 'WITHSCORES')
    for i = 1, #found, 2 do page[#page + 1] = { found[i + 1], found[i], k } end
  end
  table.sort(page, function(a, b)
    local x, y = tonumber(a[1]), tonumber(b[1])
    if x ~= y then return (x > y) == backwards end
    if a[2] == b[2] then return false end
    return (a[2] > b[2]) == backwards
  end)
  for i = #page, count + 1, -1 do page[i] = nil end
  return page
end
