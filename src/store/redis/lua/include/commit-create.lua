-- A PIN with what brings it, under both send limits, with timers and events.
-- Arguments: 1 pinId, 2 application, 3 to, 4 the rest of it (JSON), 5 its lines from `allowed` to `seed` (pin.lua), 6 expires in ms, 7 kind of bearer
--   (d, g), 8 its ref, 9 the bearer (JSON), 10 numbers: supersede (1, 0), attempts and ms per application and per number, and, where it is to be counted
--   here, index in KEYS of the application's root, 11 events, its plan and first turn (plan-runs.lua) as JSON, or '', 12.. timers
-- Returns {created, now}, {limited, application|number, ms}, {taken}; a repeated call `again` as the last. A refusal changes nothing and is
-- not remembered.
--   s:<ms>     LIST of <expires><pinId> of PINs that live so long, hence in the order of their expiry, until the sweep has erased the seed
--   sl         SET of these ms
--   expired    ZSET pinId by its expiry from then on, until it is deleted
--@include commit-events
--@include pin
--@include sends
--@include plan-runs
-- The order of the last PIN of a shard, by its root (verifications.lua).
local orders = {}
local created, begun = 0, tonumber(micros)
local function next_order()
  local last = orders[root]
  if not last then
    local latest = redis.call('LINDEX', root .. 'v', -1)
    last = latest and tonumber(sub(latest, 1, 16)) or 0
  end
  orders[root] = math.max(begun + created, last + 1)
  created = created + 1
  return string.format('%d', orders[root])
end

wants.c = function(at)
  want(root .. 'p:' .. ARGV[at + 1])
  want(root .. ARGV[at + 7] .. 'i:' .. ARGV[at + 8])
  want(root .. 'n:' .. ARGV[at + 3])
end

-- Other PINs of the application and number come to their end.
local function supersede(application, to)
  for _, id in ipairs(pins_of(to)) do
    local other = pin_read(id)
    if other and other.seed ~= '' and other.app == application and tonumber(other.expires) > now then
      other.state, other.seed = 'superseded', ''
      pin_write(id, other)
      if other.verified == '' then
        afterwards(function()
          if redis.call('EXISTS', root .. 'r:' .. id) == 1 then superseded_event(id, application, to) end
        end)
      end
    end
  end
end

runs.c = function(at, last)
  local id, application, to, kind, ref = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 7], ARGV[at + 8]
  local key = root .. 'p:' .. id
  if text_get(key) then
    local pin = pin_read(id)
    return pin.op == op and { 'created', pin.created, 'again' } or { 'taken' }
  end
  if text_get(root .. kind .. 'i:' .. ref) then return { 'taken' } end
  local expires = instant_in(ARGV[at + 6])
  local superseding, application_attempts, application_ms, number_attempts, number_ms, home = numbers_in(ARGV[at + 10])
  local events, info, turn = more_of(ARGV[at + 11])
  local refusal = admit_send(id, application, to, application_attempts, application_ms, number_attempts, number_ms, home and KEYS[home])
  if refusal then return refusal end

  if superseding == 1 then supersede(application, to) end
  local order = next_order()
  text_put(key, application .. '\n' .. to .. '\n' .. now_text .. '\n' .. expires .. '\n' .. ARGV[at + 5] .. '\n' .. order .. '\n' .. op ..
    '\n' .. kind .. ':' .. ref .. ' \n' .. ARGV[at + 4])
  insert_bearer(kind, ref, id, ARGV[at + 9])
  local entry = order .. id
  push_element(root .. 'v', entry)
  push_element(root .. 'va:' .. application, entry)
  push_element(root .. 's:' .. ARGV[at + 6], expires .. id, root .. 'sl', ARGV[at + 6])
  if info and info ~= '' then
    afterwards(function() run_insert(id, ref, info, turn) end)
  end
  emit_later(events)
  arm_later(at + 12, last)
  return { 'created', now_text }
end
