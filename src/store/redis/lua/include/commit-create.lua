-- A PIN with what brings it, under both send limits, with timers and events.
-- Arguments, few and long, since each costs more than to take it apart: 1 application and to, a line each (pin.lua), 2 its lines from `allowed` on, 3 its
--   bearer's second text (bearer.lua), 4 numbers: expires in ms, supersede (1, 0), attempts and ms per application and per number, how many timers and,
--   where the application's limit is counted here, 1, 5.. timers: id, in how many ms, kind and data, and last, where there is any of them, events, its plan
--   and first turn (plan-runs.lua) and the words that the bearer names, if they may not be there yet (words.lua), as JSON
-- Returns {created, now}, {limited, application|number, ms}, {taken}, {words}: ask again with them; a repeated call `again` as the last. A refusal
-- changes nothing and is not remembered.
--   s:<ms>     LIST of <order><pinId> of PINs that live so long, hence in the order of their expiry, until the sweep has erased the seed
--   sl         SET of these ms
--   expired    ZSET pinId by its expiry from then on, until it is deleted
--@include commit-events
--@include pin
--@include sends
--@include plan-runs
-- The order of the last PIN (verifications.lua).
local last_order
-- All digits but the last three, and these: a text is made sooner of two than of a number.
local thousands
local last_digits = {}
--@each
last_order, thousands = nil, nil
--@end
local function next_order()
  if not last_order then
    local latest = redis.call('LINDEX', root .. 'v', -1)
    last_order = math.max(micros - 1, latest and tonumber(sub(latest, 1, 16)) or 0)
  end
  last_order = last_order + 1
  local low = last_order % 1000
  if low == 0 or not thousands then thousands = string.format('%d', (last_order - low) / 1000) end
  local digits = last_digits[low]
  if not digits then
    digits = string.format('%03d', low)
    last_digits[low] = digits
  end
  return thousands .. digits
end

-- Sends of an application in one script: the first is counted at once, and tells how many more need no look at the limit; these are counted together.
local crowds
--@each
crowds = {}
--@end
local function crowd_flush(crowd)
  if crowd.count == 0 then return end
  local entries = {}
  for n = 1, crowd.count do entries[n] = now_text end
  local count = redis.call('RPUSH', root .. 'wa:' .. crowd.application, unpack(entries))
  application_prune(crowd.application, crowd.window_ms, count, crowd.count)
  crowd.count, crowd.room = 0, 0
end
local function crowd_of(application)
  local crowd = crowds[application]
  if not crowd then
    crowd = { application = application, count = 0, room = 0, made = {} }
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

-- Entries of the indices: of all, of each application (`made` of its crowd) and by how long they live. What adds to them comes last in an operation.
local made, lives
--@each
made, lives = {}, {}
--@end
finals[1] = function()
  for _, crowd in pairs(crowds) do
    crowd_flush(crowd)
    if crowd.made[1] then redis.call('RPUSH', root .. 'va:' .. crowd.application, unpack(crowd.made)) end
  end
  if made[1] then redis.call('RPUSH', root .. 'v', unpack(made)) end
  for lifetime, entries in pairs(lives) do
    local ms = string.format('%d', lifetime)
    if redis.call('RPUSH', root .. 's:' .. ms, unpack(entries)) == #entries then redis.call('SADD', root .. 'sl', ms) end
  end
end

-- Words that are here, by name.
local known
--@each
known = {}
--@end
local function words_missing(name)
  if known[name] then return false end
  local day, digest = sub(name, 1, 5), sub(name, 7)
  if redis.call('HEXISTS', root .. 'w:' .. day, digest) == 0 then return true end
  known[name] = true
  return false
end
local function words_put(name, words)
  local day, digest = sub(name, 1, 5), sub(name, 7)
  redis.call('HSET', root .. 'w:' .. day, digest, words)
  redis.call('SADD', root .. 'wd', day)
  known[name] = true
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

-- Its keys stand where its arguments do in ARGV.
local keys, answer
--@each
keys, answer = {}, { 'created', now_text }
--@end
wants.c = function(at)
  local pin_key = root .. 'p:' .. sub(ARGV[at + 2], 1, 32)
  local info_key = root .. 'i' .. sub(ARGV[at + 1], -35, -2)
  local number_key = root .. 'n:' .. sub(ARGV[at], 34, -2)
  keys[at], keys[at + 1], keys[at + 2] = pin_key, info_key, number_key
  want(pin_key)
  want(info_key)
  want(number_key)
end

runs.c = function(at, last)
  local head, lines, info, numbers = ARGV[at], ARGV[at + 1], ARGV[at + 2], numbers_in(ARGV[at + 3])
  local pin_key, info_key = keys[at], keys[at + 1]
  local id, application = sub(info, 1, 32), sub(head, 1, 32)
  if held[pin_key] then
    local pin = pin_read(id)
    return match(pin.by, '^%S+ ') == sub(lines, -35) and { 'created', pin.created, 'again' } or { 'taken' }
  end
  if held[info_key] then return { 'taken' } end
  local timers_last = at + 3 + 3 * numbers[7]
  local events, run_info, turn, words
  if timers_last < last then
    events, run_info, turn, words = more_of(ARGV[last])
  end
  local words_name = byte(info, 36) ~= 10 and sub(info, 36, 63)
  local missing = words_name and words_missing(words_name)
  if missing and (not words or words == '') then return { 'words' } end
  local refusal = admit_send(id, application, keys[at + 2], numbers[3], numbers[4], numbers[5], numbers[6], numbers[8])
  if refusal then return refusal end

  if numbers[2] == 1 then supersede(application, sub(head, 34, -2)) end
  local order, lifetime = next_order(), numbers[1]
  text_put(pin_key, head .. now_text .. '\n' .. instant_in(lifetime) .. '\n' .. order .. '\n' .. lines)
  text_put(info_key, info)
  arm_later(at + 4, timers_last)
  if run_info and run_info ~= '' then
    afterwards(function() run_insert(id, sub(lines, -33, -2), run_info, turn) end)
  end
  emit_later(events)

  if missing then words_put(words_name, words) end
  local entry = order .. id
  made[#made + 1] = entry
  local of_application = crowd_of(application).made
  of_application[#of_application + 1] = entry
  local alike = lives[lifetime]
  if alike then
    alike[#alike + 1] = entry
  else
    lives[lifetime] = { entry }
  end
  return answer
end
