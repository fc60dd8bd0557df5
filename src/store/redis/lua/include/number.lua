-- What a destination was sent, `n:<to>`: one text for its PINs and for the limits per number. 13 digits, the longest window in ms that counted here,
-- then of each send, the latest last: when (13 digits), application (32 characters), pinId (32), or blanks for a PIN that is deleted (sweep-pins).
--   nw   ZSET of destinations that have such blanks, by when they may go
--@include time
--@include digits
--@include texts
local SEND_BYTES, NO_PIN = 77, '                                '
-- From here on a text is not written anew for each send.
local LONG_NUMBER = 4096

-- Its PINs, the latest last.
local function pins_of(to)
  local pins, known = {}, { [NO_PIN] = true }
  local text = text_get(root .. 'n:' .. to) or ''
  for at = 59, #text, SEND_BYTES do
    local id = string.sub(text, at, at + 31)
    if not known[id] then
      known[id] = true
      pins[#pins + 1] = id
    end
  end
  return pins
end

-- Takes away the sends of those `pins` (a table of true by id), but blanks those that still count.
local function forget_sends(to, pins)
  local text = text_get(root .. 'n:' .. to)
  if not text then return end
  local longest, kept = tonumber(string.sub(text, 1, 13)), { string.sub(text, 1, 13) }
  for at = 14, #text, SEND_BYTES do
    local send = string.sub(text, at, at + SEND_BYTES - 1)
    if pins[string.sub(send, 46)] then
      local ends = string.sub(send, 1, 13) + longest
      send = ends > now and string.sub(send, 1, 45) .. NO_PIN
      if send then redis.call('ZADD', root .. 'nw', ends, to) end
    end
    if send then kept[#kept + 1] = send end
  end
  if kept[2] then
    text_put(root .. 'n:' .. to, table.concat(kept))
  else
    redis.call('DEL', root .. 'n:' .. to)
  end
end

-- ms until the limit of an application lets one more send through; 0: now. `text` may be false.
local function number_wait(text, application, attempts, window_ms)
  if not text then return 0 end
  local left = tonumber(attempts)
  if #text < 13 + left * SEND_BYTES then return 0 end
  for at = #text - SEND_BYTES + 1, 14, -SEND_BYTES do
    local ends = string.sub(text, at, at + 12) + window_ms
    if ends <= now then return 0 end
    if string.sub(text, at + 13, at + 44) == application then
      left = left - 1
      if left == 0 then return ends - now end
    end
  end
  return 0
end

-- Adds a send now to what `text` was read from.
local function number_add(key, text, application, id, window_ms)
  local send = now_text .. application .. id
  if not text then
    text_put(key, in_13_digits(window_ms) .. send)
    return
  end
  local longer = tonumber(window_ms) > tonumber(string.sub(text, 1, 13))
  if #text > LONG_NUMBER and not longer then
    text_append(key, send)
  else
    text_put(key, (longer and in_13_digits(window_ms) .. string.sub(text, 14) or text) .. send)
  end
end
