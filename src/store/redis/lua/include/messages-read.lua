-- Messages as the adapter reads them: rows, and once each what their batches say.
--@include messages
local read_batches, read_known = {}, {}

-- Place of the batch in the answer, and the lane's send time; nil while the bulk is not, or no more, to be seen.
local function batch_place(name, batch, lane)
  local known = name .. ' ' .. batch
  if read_known[known] == nil then
    local face, hold = unpack(redis.call('HMGET', root .. 'mb:' .. name, 'face', 'hold'))
    if not face or hold == 'loading' or hold == 'gone' then
      read_known[known] = false
    else
      read_batches[#read_batches + 1] = { name, face, redis.call('HGET', root .. 'mk:' .. name, batch) }
      read_known[known] = { place = #read_batches - 1, sends = {} }
    end
  end
  local found = read_known[known]
  if not found then return nil end
  if not found.sends[lane] then found.sends[lane] = redis.call('HGET', root .. 'ml:' .. name, 's' .. lane) end
  return found.place, found.sends[lane]
end

local READ = { 'to', 'st', 'n', 'w', 'due', 'cl', 'x', 'oc', 'ca', 'ci', 'v', 'c', 's', 'd', 'o', 'rp' }
-- A message that was loaded; nil: it is not to be seen.
local function message_row(m)
  local place, send = batch_place(m.b, m.k, m.l)
  if not place then return nil end
  local row = { m.ref, place, send, m.id }
  for i, field in ipairs(READ) do row[4 + i] = m[field] or false end
  return row
end

-- Nil: there is no such message.
local function message_read(ref)
  local m = message_load(ref)
  return m and message_row(m) or nil
end

-- { rows, batches }; what is not there is left out.
local function messages_answer(refs)
  local rows = {}
  for _, ref in ipairs(refs) do rows[#rows + 1] = message_read(ref) end
  return { rows, read_batches }
end
