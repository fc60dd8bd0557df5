-- Messages of bulks, in the shard of their bulk (sqlite/messages.ts has the rules). `name` is <channel>:<bulkId>,
-- a member is order+ref: the order of acceptance breaks ties.
--   mb:<name>         HASH face, send, amount, per, hold, total, accepted, unsent, open, started, created, order, lanes
--   mk:<name>         HASH batch index → what the adapter keeps of it (JSON), s<index> → what the scripts need of it (JSON):
--                     validity or 0, days of the window as seven 0 and 1 from Monday or '', its from and to, target of the push or '',
--                     its batch, its data without the closing brace, 1 where it wants intermediate ones
--   ml:<name>         HASH of lanes: s<lane> send time, p<lane> ms from slot to slot or '', n<lane> next slot
--   mx:<name>         LIST of refs
--   mp:<name>         LIST of refs whose reports are still to be pushed: they were rejected at the door
--   md:<lane>:<name>  ZSET member by when it is due: what is scheduled
--   m:<ref>           HASH b name, l lane, k batch, o order, id, to, st state, n tries, w stalls, due, cl claimed, x expires,
--                     oc outcome (JSON), ca carrier, ci its id, v voice (JSON), c created, s sent, d done, g time in the log,
--                     rp reported, calls (refs, a blank behind each), op the last opIds that moved it
--   my:<channel>      ZSET order of bulk, lane in six digits, name by when the lane may have something to send
--   mt                ZSET member by the end of its lease: what is being sent
--   me                ZSET member by when settling must look at it
--   mr:<channel>      ZSET member by when it was done, until its report is taken
--   mg:<channel>      ZSET member by its time in the log
--   mz                ZSET name by order: bulks of which something is to be settled
--   mf                ZSET name by when its last message was done: bulks all of whose messages are
--   mo                ZSET name by until when it is being written
--   mq:<carrier>:<id>  ref of a text; dq:<carrier>:<id>, of a call. For as long as anybody may ask
--@include record
--@include outbox
local ORDER_DIGITS_OF_MESSAGE = 22
local KNOWN_MS = 7 * 86400000
local PENDING, EXPIRED, CANCELLED = '{"kind":"pending"}', '{"kind":"expired"}', '{"kind":"cancelled"}'
-- It went out, and no report ever came.
local NO_REPORT = '{"kind":"failed","carrierCode":"no-callback"}'

local function message_member(m) return m.o .. m.ref end
local function message_ref(member) return string.sub(member, ORDER_DIGITS_OF_MESSAGE + 1) end
local function channel_of(name) return string.match(name, '^%a+') end
local function due_of(m) return root .. 'md:' .. m.l .. ':' .. m.b end
local function kind_of(outcome) return string.match(outcome, '"kind":"([^"]*)"') end

local function message_load(ref)
  local m = as_table(redis.call('HGETALL', root .. 'm:' .. ref))
  if not m.b then return nil end
  m.ref = ref
  return m
end

local message_settings = {}
-- What the scripts need of a message's batch.
local function batch_of(m)
  local known = m.b .. ' ' .. m.k
  if not message_settings[known] then
    local validity, days, from, to, target, batch, data, intermediate =
      unpack(cjson.decode(redis.call('HGET', root .. 'mk:' .. m.b, 's' .. m.k)))
    message_settings[known] = {
      validity = validity > 0 and validity or nil,
      days = days ~= '' and days or nil,
      from = from,
      to = to,
      push = target ~= '' and { target = target, batch = batch, data = data, intermediate = intermediate == 1 } or nil,
    }
  end
  return message_settings[known]
end

-- The report to the customer; `intermediate` is a word on the way, or nil.
local function message_push(ref, push, intermediate)
  local data = push.data .. ',"messageRef":"' .. ref .. '"'
  local id = 'message-report-' .. ref
  if intermediate then
    data = data .. ',"intermediate":"' .. intermediate .. '"'
    id = id .. '-' .. intermediate
  end
  outbox_put(id, 'customer.push', push.target, push.batch, data .. '}')
end

-- Works out anew when a lane may have something to send; `not_before` sends it to the back of the queue.
local function lane_refresh(name, lane, not_before)
  local hold, order = unpack(redis.call('HMGET', root .. 'mb:' .. name, 'hold', 'order'))
  if not order then return end
  local ready = root .. 'my:' .. channel_of(name)
  local member = order .. string.format('%06d', lane) .. name
  local head = not hold and redis.call('ZRANGE', root .. 'md:' .. lane .. ':' .. name, 0, 0, 'WITHSCORES')[2]
  if not head then
    redis.call('ZREM', ready, member)
    return
  end
  local send, slot, next_slot = unpack(redis.call('HMGET', root .. 'ml:' .. name, 's' .. lane, 'p' .. lane, 'n' .. lane))
  local paced = slot ~= '' and math.ceil(tonumber(next_slot)) or 0
  redis.call('ZADD', ready, math.max(tonumber(head), tonumber(send), paced, not_before), member)
end

local lanes_touched = {}
local function lane_touch(m, not_before)
  local known = m.l .. ' ' .. m.b
  local before = lanes_touched[known] and lanes_touched[known][3] or 0
  lanes_touched[known] = { m.b, m.l, math.max(before, not_before or 0) }
end
-- Every script that moved messages ends with it.
local function lanes_settle()
  for _, lane in pairs(lanes_touched) do lane_refresh(unpack(lane)) end
end

local function counts_as_unsent(state, channel)
  return (state == 'scheduled' or state == 'sending' or (state == 'sent' and channel == 'voice')) and 1 or 0
end

-- Takes a message out of every index of its state.
local function message_unlist(m)
  local member = message_member(m)
  if m.st == 'scheduled' then redis.call('ZREM', due_of(m), member) end
  if m.st == 'sending' then redis.call('ZREM', root .. 'mt', member) end
  if m.x then redis.call('ZREM', root .. 'me', member) end
end

-- One message more is done, or (`by` 0) the bulk was empty from the start.
local function bulk_done(name, by)
  if redis.call('HINCRBY', root .. 'mb:' .. name, 'open', -by) == 0 then redis.call('ZADD', root .. 'mf', now_text, name) end
end

-- Moves a message, with all that follows. `to`: st, oc, and where they change w, due, x, ca, ci, v, s. Afterwards `m` has it all.
local function message_write(m, to)
  local channel, member, from, said = channel_of(m.b), message_member(m), m.st, kind_of(m.oc)
  message_unlist(m)
  if to.st == 'done' then to.d = now_text end
  local logged = to.s or m.s or m.g
  if logged ~= m.g then
    to.g = logged
    redis.call('ZADD', root .. 'mg:' .. channel, logged, member)
  end
  local changes = {}
  for field, value in pairs(to) do
    changes[#changes + 1] = field
    changes[#changes + 1] = value
    m[field] = value
  end
  redis.call('HSET', root .. 'm:' .. m.ref, unpack(changes))

  if m.st == 'scheduled' then redis.call('ZADD', due_of(m), m.due, member) end
  if m.x and (m.st == 'scheduled' or (m.st == 'sent' and channel == 'sms')) then
    redis.call('ZADD', root .. 'me', m.x, member)
  end
  if to.ci then redis.call('SET', root .. 'mq:' .. (m.ca or '') .. ':' .. to.ci, m.ref, 'PX', KNOWN_MS) end
  local unsent = counts_as_unsent(m.st, channel) - counts_as_unsent(from, channel)
  if unsent ~= 0 then redis.call('HINCRBY', root .. 'mb:' .. m.b, 'unsent', unsent) end
  local push = batch_of(m).push
  if m.st == 'done' then
    redis.call('ZADD', root .. 'mr:' .. channel, now_text, member)
    bulk_done(m.b, 1)
    if push then message_push(m.ref, push) end
  elseif m.st == 'sent' and push and push.intermediate and kind_of(m.oc) ~= said then
    message_push(m.ref, push, kind_of(m.oc))
  end
  if from == 'scheduled' or m.st == 'scheduled' then lane_touch(m) end
end

local function message_finish(m, outcome) message_write(m, { st = 'done', oc = outcome }) end
