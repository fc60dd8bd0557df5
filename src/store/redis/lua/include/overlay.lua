-- What the operations of a group commit read and write. Texts are read together beforehand (`want`), writes are gathered, and all done by
-- `flush` after the last operation: each sees what the ones before it wrote, and what one that fails has gathered is dropped (`undo_all`).
--@include time
--@include texts
local redis_call
-- So many arguments at most for one command: what `unpack` takes.
local MOST_ARGUMENTS = 4000
-- Texts by key, false: there is none; what is to be written, with the ms after which it goes, or 0; in this order.
local held, pending, names, name_count
-- Key and text of what is new.
local fresh, fresh_count
-- How it was before this operation: key, text, ms.
local undo, undo_count
-- The LIST to which this operation added an entry at once: what others added lies before it; or the table in which it counted one, by `count`.
local added, counted
-- Timers: when or false to remove it, id. Then functions.
local armed, armed_count, cancels, further, further_count
local wanted
-- Run before all else is written, whatever failed.
local finals = {}
--@each
redis_call = redis.call
held, pending, names, name_count = {}, {}, {}, 0
fresh, fresh_count, undo = {}, 0, {}
armed, armed_count, cancels, further, further_count = {}, 0, 0, {}, 0
wanted = {}
--@end

local function want(key)
  if held[key] == nil then
    held[key] = false
    wanted[#wanted + 1] = key
  end
end

local function read_wanted()
  for from = 1, #wanted, MOST_ARGUMENTS do
    local found = redis.call('MGET', unpack(wanted, from, math.min(#wanted, from + MOST_ARGUMENTS - 1)))
    for n = 1, #found do held[wanted[from + n - 1]] = found[n] end
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

-- `text` false: it goes.
text_put = function(key, text, ms)
  local before = pending[key]
  undo[undo_count + 1], undo[undo_count + 2], undo[undo_count + 3] = key, held[key], before
  undo_count = undo_count + 3
  held[key], pending[key] = text, ms or 0
  if not before then
    name_count = name_count + 1
    names[name_count] = key
  end
end

text_append = function(key, piece, ms)
  if pending[key] then
    text_put(key, held[key] .. piece, ms)
  else
    redis.call('APPEND', key, piece)
    if ms then redis.call('PEXPIRE', key, ms) end
    held[key] = nil
  end
end

-- A text under a key that was wanted, and is not there.
local function text_new(key, text)
  held[key] = text
  fresh[fresh_count + 1], fresh[fresh_count + 2] = key, text
  fresh_count = fresh_count + 2
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

-- Where the lists stand as an operation begins.
local function marks()
  undo_count, added, counted = 0, nil, nil
  return armed_count, fresh_count, further_count
end

local function undo_all(armed_mark, fresh_mark, further_mark)
  for n = undo_count - 2, 1, -3 do
    local key = undo[n]
    held[key], pending[key] = undo[n + 1], undo[n + 2]
  end
  for n = fresh_mark + 1, fresh_count, 2 do held[fresh[n]] = false end
  armed_count, fresh_count, further_count = armed_mark, fresh_mark, further_mark
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
  call_in_parts('MSET', nil, fresh, fresh_count)
  local writes, gone, n = {}, {}, 0
  for i = 1, name_count do
    local key = names[i]
    local text, ms = held[key], pending[key]
    if ms then
      pending[key] = nil
      if not text then
        gone[#gone + 1] = key
      elseif ms > 0 then
        redis_call('SET', key, text, 'PX', ms)
      else
        writes[n + 1], writes[n + 2] = key, text
        n = n + 2
      end
    end
  end
  call_in_parts('MSET', nil, writes, n)
  call_in_parts('DEL', nil, gone, #gone)
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
