-- domain/schedule.ts nextAllowed: when a time window is open next, or now. `days`: seven 0 and 1 from Monday; minutes of the day, UTC.
local DAY_MS, MINUTE_MS = 86400000, 60000
local function next_allowed(days, from, to, at)
  local open_ms = (to > from and to - from or to - from + 1440) * MINUTE_MS
  local today = math.floor(at / DAY_MS)
  for day = today - 1, today + 7 do
    -- 1970-01-01 was a Thursday.
    if string.byte(days, (day + 3) % 7 + 1) == 49 then
      local opens = day * DAY_MS + from * MINUTE_MS
      if at < opens + open_ms then return math.max(at, opens) end
    end
  end
  return at + DAY_MS
end
