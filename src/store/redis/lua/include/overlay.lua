-- What the operations of a group commit read and write. Texts are read together beforehand (`want`), writes are gathered, and all done by
-- `flush` after the last operation: each sees what the ones before it wrote, and what one that fails has gathered is dropped (`undo_all`).
--@include time
--@include texts
-- Globals are looked up by name at each use.
local ARGV, redis_call = ARGV, redis.call
-- So many arguments at most for one command: what `unpack` takes.
local MOST_ARGUMENTS = 4000
-- Texts by key, false: there is none; what is to be written, with the ms after which it goes, or 0; in this order.
local held, pending, names, name_count = {}, {}, {}, 0
-- How it was before this operation: key, text, ms.
local undo, undo_count = {}, 0
-- The LIST to which this operation added an entry at once: what others added lies before it; or the table in which it counted one, by `count`.
local added, counted
-- Run before all else is written, whatever failed.
local finals = {}
-- Flat lists: key, score or false to remove it, member; key, element. Then functions.
local members, member_count, elements, element_count, further, further_count = {}, 0, {}, 0, {}, 0
local registers = {}
local wanted = {}

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

added_at_once = function(key) added = key end
local function counted_in(group)
  group.count = group.count + 1
  counted = group
end

-- To a ZSET; `score` false takes it away.
local function put_member(key, score, member)
  members[member_count + 1], members[member_count + 2], members[member_count + 3] = key, score, member
  member_count = member_count + 3
end

-- To the end of a LIST. If that is new it is entered in the SET `register` as `name`.
local function push_element(key, element, register, name)
  elements[element_count + 1], elements[element_count + 2] = key, element
  element_count = element_count + 2
  if register then registers[key] = { register, name } end
end

-- What is no text: `write` runs last.
local function afterwards(write)
  further_count = further_count + 1
  further[further_count] = write
end

-- Where the lists stand as an operation begins.
local function marks()
  undo_count, added, counted = 0, nil, nil
  return member_count, element_count, further_count
end

local function undo_all(member_mark, element_mark, further_mark)
  for n = undo_count - 2, 1, -3 do
    local key = undo[n]
    held[key], pending[key] = undo[n + 1], undo[n + 2]
  end
  member_count, element_count, further_count = member_mark, element_mark, further_mark
  if added then redis_call('RPOP', added) end
  if counted then counted.count = counted.count - 1 end
end

-- Returns the last answer.
local function call_in_parts(command, key, list)
  local answer
  for from = 1, #list, MOST_ARGUMENTS do
    local last = math.min(#list, from + MOST_ARGUMENTS - 1)
    if key then
      answer = redis_call(command, key, unpack(list, from, last))
    else
      answer = redis_call(command, unpack(list, from, last))
    end
  end
  return answer
end

local function flush_texts()
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
  call_in_parts('MSET', nil, writes)
  call_in_parts('DEL', nil, gone)
end

local function flush_members()
  local zsets = {}
  for n = 1, member_count, 3 do
    local key = members[n]
    local zset = zsets[key]
    if not zset then
      zset = {}
      zsets[key] = zset
    end
    zset[members[n + 2]] = members[n + 1]
  end
  for key, zset in pairs(zsets) do
    local put, put_count, gone = {}, 0, {}
    for member, score in pairs(zset) do
      if score then
        put[put_count + 1], put[put_count + 2] = score, member
        put_count = put_count + 2
      else
        gone[#gone + 1] = member
      end
    end
    call_in_parts('ZADD', key, put)
    call_in_parts('ZREM', key, gone)
  end
end

local function flush_elements()
  local lists = {}
  for n = 1, element_count, 2 do
    local key = elements[n]
    local list = lists[key]
    if list then
      list[#list + 1] = elements[n + 1]
    else
      lists[key] = { elements[n + 1] }
    end
  end
  for key, list in pairs(lists) do
    local length, register = call_in_parts('RPUSH', key, list), registers[key]
    if register and length == #list then redis.call('SADD', register[1], register[2]) end
  end
end

local function flush()
  for n = 1, #finals do finals[n]() end
  flush_texts()
  flush_members()
  flush_elements()
  for n = 1, further_count do further[n]() end
end
