-- Events that a verb of a group commit writes (outbox-emit.lua).
--@include commit-verbs
--@include outbox-emit

-- What most operations do not have: JSON of texts, one after the other; '' for none.
local function more_of(packed)
  if packed == '' then return end
  return unpack(cjson.decode(packed))
end

-- Of JSON as of `outbox_emit`, '' or nil: they are written with all the rest.
local function emit_later(packed)
  if not packed or packed == '' then return end
  local events = cjson.decode(packed)
  afterwards(function()
    for _, event in ipairs(events) do outbox_put(unpack(event)) end
  end)
end
