-- Texts under a key, as scripts read and write them: at once, or, where group commit does it, with all the others (overlay.lua).
local function text_get(key) return redis.call('GET', key) end

-- `ms`: it goes after so long.
local function text_put(key, text, ms)
  if ms then
    redis.call('SET', key, text, 'PX', ms)
  else
    redis.call('SET', key, text)
  end
end

-- Adds to a text that is there: for long ones, which are not to be written anew.
local function text_append(key, piece, ms)
  redis.call('APPEND', key, piece)
  if ms then redis.call('PEXPIRE', key, ms) end
end

-- Tells of an entry that was added to the end of a LIST at once.
local function added_at_once() end
