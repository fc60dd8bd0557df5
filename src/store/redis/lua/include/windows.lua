-- Sliding windows, exact.
--   wv: wf:<application>:<to>   verifications of a destination, failures (its sends: number.lua): one text of numbers of 13 digits, the longest
--     window in ms that counted here, then the times, the latest last
--   wa:<application>   sends of an application, in the shard of the application: a LIST of times, the latest last, since there may be
--     many; aw: ZSET of these applications by the longest window that counted, for the sweep
--@include time
--@include digits
--@include texts
local WINDOW_SLACK_MS = 60000
-- From here on a text is not written anew for each entry.
local LONG_WINDOW = 4096

-- ms until the limit lets one more through; 0: now. `times` is the text, or false.
local function window_wait(times, attempts, window_ms)
  if not times then return 0 end
  local at = #times - 13 * attempts + 1
  if at < 14 then return 0 end
  return math.max(0, string.sub(times, at, at + 12) + window_ms - now)
end

-- Adds now to what `times` was read from. An entry goes when it is over, unless a longer window counted here before and may again.
local function window_add(key, times, window_ms)
  window_ms = tonumber(window_ms)
  local longest = times and math.max(window_ms, tonumber(string.sub(times, 1, 13))) or window_ms
  if times and #times > LONG_WINDOW then
    local middle = 14 + 13 * math.floor((#times - 13) / 26)
    if longest == tonumber(string.sub(times, 1, 13)) and string.sub(times, middle, middle + 12) + longest > now then
      text_append(key, now_text, longest + WINDOW_SLACK_MS)
      return
    end
  end
  local from = 14
  while times and from < #times and string.sub(times, from, from + 12) + longest <= now do from = from + 13 end
  local text = in_13_digits(longest) .. (times and string.sub(times, from) or '') .. now_text
  text_put(key, text, longest + WINDOW_SLACK_MS)
end
