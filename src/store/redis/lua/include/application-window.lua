-- An application's sends: see windows.lua.
--@include windows
local PRUNED_EVERY = 64

-- ms until the limit lets one more through; 0: now.
local function application_wait(application, attempts, window_ms)
  local nth_latest = redis.call('LINDEX', root .. 'wa:' .. application, '-' .. attempts)
  return nth_latest and math.max(0, nth_latest + window_ms - now) or 0
end

-- Once in so many sends, of which `added` were counted now: takes away what is over.
local function application_prune(application, window_ms, count, added)
  if (count - 1) % PRUNED_EVERY >= added then return end
  redis.call('ZADD', root .. 'aw', 'GT', window_ms, application)
  local key, longest = root .. 'wa:' .. application, tonumber(redis.call('ZSCORE', root .. 'aw', application))
  for _ = 1, 2 * math.max(PRUNED_EVERY, added) do
    if redis.call('LINDEX', key, 0) + longest > now then break end
    redis.call('LPOP', key)
  end
end

-- Counts one send, and returns 0, or does not, and returns the ms to wait. It is added before the limit is looked at: as long as there are
-- fewer than the limit, that is all. Returns how many more are allowed before it must be looked at as well.
local function application_add(application, attempts, window_ms)
  local key = root .. 'wa:' .. application
  local count = redis.call('RPUSH', key, now_text)
  if count > tonumber(attempts) then
    local wait = redis.call('LINDEX', key, -attempts - 1) + window_ms - now
    if wait > 0 then
      redis.call('RPOP', key)
      return wait, 0
    end
  end
  added_at_once(key)
  application_prune(application, window_ms, count, 1)
  return 0, attempts - count
end
