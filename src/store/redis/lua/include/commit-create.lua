-- A PIN with what brings it, under both send limits, with timers and events.
-- Arguments: 1 pinId, 2 application, 3 to, 4 its lines from `allowed` to `seed` (pin.lua), 5 expires in ms, 6 kind (d, g) and ref of its bearer, as d:<ref>,
--   7 numbers: supersede (1, 0), attempts and ms per application and per number, how many timers and, where the application's limit is counted here,
--   1, 8 events, its plan and first turn (plan-runs.lua) as JSON, or '', 9.. timers: id, in how many ms
-- Its other texts, `pi:`, `di:` or `gi:`, and `tb:` of each timer, hold nothing that the server must add. On one server the client writes them itself, right
-- before this script and if none of them is there (MSETNX), since what a script is given and writes costs many times as much: `c`. With them comes
-- the mark, `m:<mark>`. Without it they were not written, or this is done for the second time: the answer is {whole}, and the client asks again with `C`,
-- which has them all behind the timers: key below the root, text.
-- Returns {created, now}, {limited, application|number, ms}, {taken}; a repeated call `again` as the last. A refusal changes nothing and is
-- not remembered.
--   s:<ms>     LIST of <expires><pinId> of PINs that live so long, hence in the order of their expiry, until the sweep has erased the seed
--   sl         SET of these ms
--   expired    ZSET pinId by its expiry from then on, until it is deleted
--@include commit-events
--@include pin
--@include sends
--@include plan-runs
--@include bearer
-- The order of the last PIN (verifications.lua).
local last_order
local function next_order()
  if not last_order then
    local latest = redis.call('LINDEX', root .. 'v', -1)
    last_order = math.max(micros - 1, latest and tonumber(sub(latest, 1, 16)) or 0)
  end
  last_order = last_order + 1
  return string.format('%d', last_order)
end

-- Sends of an application in one script: the first is counted at once, and tells how many more need no look at the limit; these are counted together.
local crowds = {}
local function crowd_flush(crowd)
  if crowd.count == 0 then return end
  local entries = {}
  for n = 1, crowd.count do entries[n] = now_text end
  local count = redis.call('RPUSH', root .. 'wa:' .. crowd.application, unpack(entries))
  application_prune(crowd.application, crowd.window_ms, count, crowd.count)
  crowd.count, crowd.room = 0, 0
end
finals[1] = function()
  for _, crowd in pairs(crowds) do crowd_flush(crowd) end
end
local function crowd_of(application)
  local crowd = crowds[application]
  if not crowd then
    crowd = { application = application, count = 0, room = 0 }
    crowds[application] = crowd
  end
  return crowd
end
local add_one, wait_of_one = application_add, application_wait
application_add = function(application, attempts, window_ms)
  local crowd = crowd_of(application)
  if crowd.count < crowd.room and crowd.attempts == attempts and crowd.window_ms == window_ms then
    counted_in(crowd)
    return 0
  end
  crowd_flush(crowd)
  local wait, room = add_one(application, attempts, window_ms)
  crowd.attempts, crowd.window_ms, crowd.room = attempts, window_ms, room
  return wait
end
application_wait = function(application, attempts, window_ms)
  crowd_flush(crowd_of(application))
  return wait_of_one(application, attempts, window_ms)
end

local marked = ARGV[2] ~= '' and redis.call('DEL', root .. 'm:' .. ARGV[2]) == 1

wants.c = function(at)
  if marked then want(root .. 'n:' .. ARGV[at + 3]) end
end
wants.C = function(at)
  want(root .. 'p:' .. ARGV[at + 1])
  want(root .. 'n:' .. ARGV[at + 3])
end

forgets.c = function(at)
  if not marked then return end
  local kind, ref = match(ARGV[at + 6], '^(.):(.*)$')
  text_put(root .. 'pi:' .. ARGV[at + 1], false)
  text_put(root .. kind .. 'i:' .. ref, false)
  local _, _, _, _, _, timers = numbers_in(ARGV[at + 7])
  for n = 0, timers - 1 do text_put(root .. 'tb:' .. ARGV[at + 9 + 2 * n], false) end
end

-- Other PINs of the application and number come to their end.
local function supersede(application, to)
  for _, id in ipairs(pins_of(to)) do
    local other = pin_read(id)
    if other and other.seed ~= '' and other.app == application and tonumber(other.expires) > now then
      other.state, other.seed = 'superseded', ''
      pin_write(id, other)
      erase_seed_of(id)
      if other.verified == '' then
        afterwards(function()
          if redis.call('EXISTS', root .. 'r:' .. id) == 1 then superseded_event(id, application, to) end
        end)
      end
    end
  end
end

-- Returns the refusal, or nothing and the index of the last timer's last argument.
local function create(at)
  local id, application, to, bearer = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 6]
  local expires = instant_in(ARGV[at + 5])
  local superseding, application_attempts, application_ms, number_attempts, number_ms, timers, here = numbers_in(ARGV[at + 7])
  local refusal = admit_send(id, application, to, application_attempts, application_ms, number_attempts, number_ms, here)
  if refusal then return refusal end

  if superseding == 1 then supersede(application, to) end
  local order = next_order()
  text_put(root .. 'p:' .. id, application .. '\n' .. to .. '\n' .. now_text .. '\n' .. expires .. '\n' .. ARGV[at + 4] .. '\n' .. order .. '\n' ..
    op .. '\n' .. bearer .. ' ')
  local entry = order .. id
  push_element(root .. 'v', entry)
  push_element(root .. 'va:' .. application, entry)
  push_element(root .. 's:' .. ARGV[at + 5], expires .. id, root .. 'sl', ARGV[at + 5])
  if ARGV[at + 8] ~= '' then
    local events, info, turn = more_of(ARGV[at + 8])
    if info ~= '' then
      afterwards(function() run_insert(id, sub(bearer, 3), info, turn) end)
    end
    emit_later(events)
  end
  local last = at + 8 + 2 * timers
  for n = at + 9, last, 2 do put_member(root .. 't', instant_in(ARGV[n + 1]), ARGV[n]) end
  return nil, last
end

runs.c = function(at)
  if not marked then return { 'whole' } end
  local refusal = create(at)
  if not refusal then return { 'created', now_text } end
  forgets.c(at)
  return refusal
end

runs.C = function(at, last)
  local id = ARGV[at + 1]
  if text_get(root .. 'p:' .. id) then
    local pin = pin_read(id)
    return pin.op == op and { 'created', pin.created, 'again' } or { 'taken' }
  end
  if bearer_lines(match(ARGV[at + 6], '^(.):(.*)$')) then return { 'taken' } end
  local refusal, after = create(at)
  if refusal then return refusal end
  for n = after + 1, last, 2 do text_put(root .. ARGV[n], ARGV[n + 1]) end
  return { 'created', now_text }
end
