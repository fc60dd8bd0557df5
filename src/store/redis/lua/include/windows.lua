-- Sliding windows, exact: a LIST of times, the latest last. Below the roots:
--   wa:<application>   sends of an application, in the shard of the application
--   wn: wv: wf:<application>:<to>   sends to a destination, verifications, failures
-- The TTL only clears away what nobody asks for any more. It is twice the window and more, so that it is set once in a while
-- and not with every entry.
--@include time
local WINDOW_SLACK_MS = 60000
local PRUNED_EVERY = 16

-- ms until the limit lets one more through; 0: now.
local function window_wait(key, attempts, window_ms)
  local nth_latest = redis.call('LINDEX', key, '-' .. attempts)
  if not nth_latest then return 0 end
  return math.max(0, nth_latest + window_ms - now)
end

local function window_add(key, window_ms)
  window_ms = tonumber(window_ms)
  local count = redis.call('RPUSH', key, now_text)
  local enough, ttl = window_ms + WINDOW_SLACK_MS, redis.call('PTTL', key)
  if ttl < enough then redis.call('PEXPIRE', key, enough + window_ms) end
  -- An entry goes when it is over, unless a longer window counted here before and may again.
  if count % PRUNED_EVERY == 0 and ttl <= enough + window_ms then
    for _ = 1, 2 * PRUNED_EVERY do
      local oldest = redis.call('LINDEX', key, 0)
      if not oldest or oldest + window_ms > now then break end
      redis.call('LPOP', key)
    end
  end
end
