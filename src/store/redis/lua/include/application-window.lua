-- An application's sends: see windows.lua. `home` is the root of its shard.
--@include windows
local PRUNED_EVERY = 16

-- ms until the limit lets one more through; 0: now.
local function application_wait(home, application, attempts, window_ms)
  local nth_latest = redis.call('LINDEX', home .. 'wa:' .. application, '-' .. attempts)
  return nth_latest and math.max(0, nth_latest + window_ms - now) or 0
end

-- Counts one send, and returns 0, or does not, and returns the ms to wait. It is added before the limit is looked at: as long as there are
-- fewer than the limit, that is all.
local function application_add(home, application, attempts, window_ms)
  local key = home .. 'wa:' .. application
  local count = redis.call('RPUSH', key, now_text)
  if count > tonumber(attempts) then
    local wait = redis.call('LINDEX', key, -attempts - 1) + window_ms - now
    if wait > 0 then
      redis.call('RPOP', key)
      return wait
    end
  end
  added_at_once(key)
  if count % PRUNED_EVERY == 1 then
    redis.call('ZADD', home .. 'aw', 'GT', window_ms, application)
    local longest = tonumber(redis.call('ZSCORE', home .. 'aw', application))
    for _ = 1, 2 * PRUNED_EVERY do
      if redis.call('LINDEX', key, 0) + longest > now then break end
      redis.call('LPOP', key)
    end
  end
  return 0
end
