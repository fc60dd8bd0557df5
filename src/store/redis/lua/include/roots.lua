-- Indices in KEYS of the roots that a writing script works on: all but the record of its opId.
local roots = { 1 }
for k = 3, #KEYS do roots[#roots + 1] = k end
