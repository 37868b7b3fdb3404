-- Meta and the open segment at one instant. Without fields all cells are given, as field, value, …; with fields their values, in
-- the order asked for, and only if the open segment is the expected one.
-- KEYS meta  ARGV expected "<from>:<token>", field …
local meta = KEYS[1]
local all = redis.call('HGETALL', meta)
local now = redis.call('HMGET', meta, 'token', 'open')
local name = now[1] and now[2] and now[2] .. ':' .. now[1]
if not name then return {all} end
if #ARGV == 0 then return {all, redis.call('HGETALL', meta .. ':' .. name)} end
local answer = {all}
if name == ARGV[1] then
  for i = 2, #ARGV, 7000 do
    answer[#answer + 1] = redis.call('HMGET', meta .. ':' .. name, unpack(ARGV, i, math.min(i + 6999, #ARGV)))
  end
end
return answer
