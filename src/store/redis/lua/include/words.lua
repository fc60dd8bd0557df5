-- What many sends have in common (words.ts): the words of a template, with who sends them by what. A send names them, and they lie here once.
-- Its name for them is <day>:<digest>, of 5 and 22 characters.
--   w:<day>   HASH words (JSON) by their digest; the day is the client's, and only says what goes together
--   wd        SET of these days
--@include texts

-- The second text of what brings something (bearer.lua), with the words that it names as its last line.
local function with_words(info)
  local day, digest = string.match(info, '^[^\n]*\n[^\n]*\n[^\n]*\n(%d+):([^\n]*)')
  if not day then return info end
  return info .. '\n' .. (redis.call('HGET', root .. 'w:' .. day, digest) or '{}')
end

-- Days go when every PIN that may name their words is gone: none was made so long ago. A client's day may be another than the server's when it changes.
local DAY_MS = 86400000
local function forget_words(oldest_ms)
  local first = math.floor(oldest_ms / DAY_MS) - 1
  for _, day in ipairs(redis.call('SMEMBERS', root .. 'wd')) do
    if tonumber(day) < first then
      redis.call('UNLINK', root .. 'w:' .. day)
      redis.call('SREM', root .. 'wd', day)
    end
  end
end
