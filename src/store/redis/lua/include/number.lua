-- PINs of a destination, `i:<to>`: a text of pinIds, the latest last, a line each. Adding one costs a fifth of what a new LIST does.
--@include time
--@include texts

local function pins_of(to)
  local ids = {}
  for id in string.gmatch(text_get(root .. 'i:' .. to) or '', '[^\n]+') do ids[#ids + 1] = id end
  return ids
end
