-- Events that a verb of a group commit writes (outbox-emit.lua).
--@include commit-verbs
--@include outbox-emit

-- Of JSON as of `outbox_emit`: they are written with all the rest.
local function emit_later(packed)
  if packed == '' then return end
  local events = cjson.decode(packed)
  afterwards(function()
    for _, event in ipairs(events) do outbox_put(root, unpack(event)) end
  end)
end
