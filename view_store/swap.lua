-- Replaces the input segments by the staged segment made of them, if the inputs are unchanged and everything staged is
-- still there. Each staged chunk adds one to the field '#' in the transaction of its cells, so a server that lost its
-- last second between two chunks has a lower count; an older value of a cell would not change the number of cells.
-- KEYS meta  ARGV token, staged "s:<from>:<token>", its entry, its number of cells, of chunks,
-- then name, entry per input
local meta = KEYS[1]
local now = redis.call('HMGET', meta, 'token', 'cursor', 'open')
if not now[2] then return 'gone' end
if now[1] ~= ARGV[1] then return 'owner' end
local staged = meta .. string.sub(ARGV[2], 2)
local mark = redis.call('HGET', staged, '#')
if (mark or '0') ~= ARGV[5] then return 'staged' end -- fault: uncounted_chunks
if redis.call('HLEN', staged) - (mark and 1 or 0) ~= tonumber(ARGV[4]) then return 'staged' end
local open = now[3] and 's:' .. now[3] .. ':' .. now[1]
for i = 6, #ARGV, 2 do
  if ARGV[i] == open then return 'open' end
  if redis.call('HGET', meta, ARGV[i]) ~= ARGV[i + 1] then return 'inputs' end
end
redis.call('PERSIST', staged) -- Redis never refuses this, so it does not refuse the rest either
redis.call('HDEL', staged, '#')
redis.call('HSET', meta, ARGV[2], ARGV[3])
for i = 6, #ARGV, 2 do
  redis.call('HDEL', meta, ARGV[i])
  redis.call('UNLINK', meta .. string.sub(ARGV[i], 2))
end
return 'done'
