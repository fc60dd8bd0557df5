-- Whether a carrier's id is on record. KEYS: roots. ARGV: 2 m for a text, d for a call, 3 carrier, 4 its id. Returns 1 or 0.
--@flags no-writes
--@include time
for _, r in ipairs(KEYS) do
  if redis.call('EXISTS', r .. ARGV[2] .. 'q:' .. ARGV[3] .. ':' .. ARGV[4]) == 1 then return 1 end
end
return 0
