-- Sliding windows, exact: a LIST of times, the latest last. Below the roots:
--   wa:<application>   sends of an application, in the shard of the application
--   wn: wv: wf:<application>:<to>   sends to a destination, verifications, failures
-- The TTL only clears away what nobody asks for any more, so it may be generous.
--@include time
local WINDOW_SLACK_MS = 60000
local PRUNED_EVERY = 16

-- ms until the limit lets one more through; 0: now.
local function window_wait(key, attempts, window_ms)
  local nth_latest = redis.call('LINDEX', key, '-' .. attempts)
  if not nth_latest then return 0 end
  return math.max(0, nth_latest + window_ms - now)
end

-- An entry goes when it is over, unless a longer window counted here before and may again.
local function window_prune(key, window_ms)
  if redis.call('PTTL', key) > window_ms + WINDOW_SLACK_MS then return end
  for _ = 1, 2 * PRUNED_EVERY do
    local oldest = redis.call('LINDEX', key, 0)
    if not oldest or oldest + window_ms > now then return end
    redis.call('LPOP', key)
  end
end

local function window_add(key, window_ms)
  window_ms = tonumber(window_ms)
  local count = redis.call('RPUSH', key, now)
  local ttl = window_ms + WINDOW_SLACK_MS
  if count == 1 then
    redis.call('PEXPIRE', key, ttl)
  else
    redis.call('PEXPIRE', key, ttl, 'GT')
    if count % PRUNED_EVERY == 0 then window_prune(key, window_ms) end
  end
end
