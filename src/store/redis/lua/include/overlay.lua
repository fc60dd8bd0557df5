-- What the operations of a group commit read and write. Texts are read together beforehand (`want`), writes are gathered, and all done by
-- `flush` after the last operation: each sees what the ones before it wrote, and what one that fails has gathered is dropped (`undo_all`).
--@include time
--@include texts
-- So many arguments at most for one command: what `unpack` takes.
local MOST_ARGUMENTS = 4000
local redis_call
-- Texts by key, false: there is none.
local held
-- To be written: keys and texts in turn, and by key where its text stands. Then, by key, what is written with the ms after which it goes, and what goes now.
local texts, text_count, places, lasting, gone
-- How it was before this operation, of what it did not write as the first: key, text, text to be written, ms, true if it was to go.
local undo, undo_count
-- The LIST to which this operation added an entry at once: what others added lies before it; or the table in which it counted one, by `count`.
local added, counted
-- Timers: when or false to remove it, id. Then functions.
local armed, armed_count, cancels, further, further_count
-- Where these stood as this operation began.
local text_mark, armed_mark, further_mark
local wanted, wanted_count
-- Run before all else is written, whatever failed.
local finals = {}
--@each
redis_call = redis.call
held, texts, text_count, places, lasting, gone = {}, {}, 0, {}, {}, {}
undo, undo_count = {}, 0
armed, armed_count, cancels, further, further_count = {}, 0, 0, {}, 0
wanted, wanted_count = {}, 0
--@end

local function want(key)
  if held[key] == nil then
    held[key] = false
    wanted_count = wanted_count + 1
    wanted[wanted_count] = key
  end
end

local function read_wanted()
  for from = 1, wanted_count, MOST_ARGUMENTS do
    local found = redis.call('MGET', unpack(wanted, from, math.min(wanted_count, from + MOST_ARGUMENTS - 1)))
    for n, text in ipairs(found) do
      if text then held[wanted[from + n - 1]] = text end
    end
  end
end

text_get = function(key)
  local text = held[key]
  if text == nil then
    text = redis_call('GET', key)
    held[key] = text
  end
  return text
end

local function write_later(key, text)
  local place = text_count + 2
  texts[place - 1], texts[place] = key, text
  places[key], text_count = place, place
end

-- `text` false: it goes.
text_put = function(key, text, ms)
  local place = places[key]
  if not ms and text and not place and not gone[key] then
    write_later(key, text)
    held[key] = text
    return
  end
  undo[undo_count + 1], undo[undo_count + 2], undo[undo_count + 3] = key, held[key], place and texts[place]
  undo[undo_count + 4], undo[undo_count + 5] = lasting[key], gone[key]
  undo_count = undo_count + 5
  held[key], lasting[key], gone[key] = text, text and ms or nil, not text or nil
  if not text or ms then return end
  if place then
    texts[place] = text
  else
    write_later(key, text)
  end
end

text_append = function(key, piece, ms)
  if places[key] or lasting[key] then
    text_put(key, held[key] .. piece, ms)
  else
    redis.call('APPEND', key, piece)
    if ms then redis.call('PEXPIRE', key, ms) end
    held[key] = nil
  end
end

added_at_once = function(key) added = key end
local function counted_in(group)
  group.count = group.count + 1
  counted = group
end

-- `due` false takes it away.
local function put_timer(due, id)
  armed[armed_count + 1], armed[armed_count + 2] = due, id
  armed_count = armed_count + 2
  if not due then cancels = cancels + 1 end
end

-- What is no text: `write` runs last.
local function afterwards(write)
  further_count = further_count + 1
  further[further_count] = write
end

-- An operation begins.
local function mark()
  undo_count, added, counted = 0, nil, nil
  text_mark, armed_mark, further_mark = text_count, armed_count, further_count
end

-- As if it had never begun.
local function undo_all()
  for n = undo_count - 4, 1, -5 do
    local key = undo[n]
    held[key], lasting[key], gone[key] = undo[n + 1], undo[n + 3], undo[n + 4]
    if undo[n + 2] then texts[places[key]] = undo[n + 2] end
  end
  -- What it wrote as the first is read again.
  for n = text_mark + 1, text_count, 2 do
    local key = texts[n]
    held[key], places[key] = nil, nil
  end
  text_count, armed_count, further_count = text_mark, armed_mark, further_mark
  if added then redis_call('RPOP', added) end
  if counted then counted.count = counted.count - 1 end
end

-- What a command is given may be more than `unpack` takes.
local function call_in_parts(command, key, list, count)
  for from = 1, count, MOST_ARGUMENTS do
    local last = math.min(count, from + MOST_ARGUMENTS - 1)
    if key then
      redis_call(command, key, unpack(list, from, last))
    else
      redis_call(command, unpack(list, from, last))
    end
  end
end

local function flush_texts()
  call_in_parts('MSET', nil, texts, text_count)
  for key, ms in pairs(lasting) do redis_call('SET', key, held[key], 'PX', ms) end
  local keys, count = {}, 0
  for key in pairs(gone) do
    count = count + 1
    keys[count] = key
  end
  call_in_parts('DEL', nil, keys, count)
end

local function flush_timers()
  local key = root .. 't'
  if cancels == 0 then
    call_in_parts('ZADD', key, armed, armed_count)
    return
  end
  -- The last word on each.
  local dues, put, put_count, gone = {}, {}, 0, {}
  for n = 1, armed_count, 2 do dues[armed[n + 1]] = armed[n] end
  for id, due in pairs(dues) do
    if due then
      put[put_count + 1], put[put_count + 2] = due, id
      put_count = put_count + 2
    else
      gone[#gone + 1] = id
    end
  end
  call_in_parts('ZADD', key, put, put_count)
  call_in_parts('ZREM', key, gone, #gone)
end

local function flush()
  for n = 1, #finals do finals[n]() end
  flush_texts()
  flush_timers()
  for n = 1, further_count do further[n]() end
end
