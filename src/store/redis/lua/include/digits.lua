-- Lengths of windows, as texts keep them in front of instants: in 13 digits, as long as an instant is.
local thirteen_digits
--@each
thirteen_digits = {}
--@end
local function in_13_digits(ms)
  local text = thirteen_digits[ms]
  if not text then
    text = string.format('%013d', ms)
    thirteen_digits[ms] = text
  end
  return text
end
