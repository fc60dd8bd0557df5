-- Removes a leased timer; one that was armed again meanwhile has yet to fire, and stays. Arguments, behind the opId: 1 id. Returns {1} or {0}.
--@include commit-verbs
--@include finish
wants.k = function(at)
  want(root .. 'o:' .. ARGV[at])
  want(root .. 'tb:' .. ARGV[at + 1])
end

runs.k = function(at)
  op = ARGV[at]
  if text_get(root .. 'o:' .. op) then return { 1 } end
  local body = text_get(root .. 'tb:' .. ARGV[at + 1])
  if not body or byte(body) ~= 49 then return { 0 } end
  text_put(root .. 'o:' .. op, '1', REMEMBERED_MS)
  cancel_one(ARGV[at + 1])
  return { 1 }
end
