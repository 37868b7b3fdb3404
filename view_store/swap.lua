-- Puts a staged segment in the place of the segments it was made of, if nothing about them has changed and all that was staged
-- is still there: each chunk that was merged into it added one to its field '#', in the transaction of its cells, so a server
-- that lost its last second between two chunks has fewer; an older value of a cell would not show in their number.
-- KEYS meta  ARGV token, staged "s:<from>:<token>", its entry, its number of cells, of chunks, then name, entry per input
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
redis.call('PERSIST', staged) -- never refused, so the rest is not either
redis.call('HDEL', staged, '#')
redis.call('HSET', meta, ARGV[2], ARGV[3])
for i = 6, #ARGV, 2 do
  redis.call('HDEL', meta, ARGV[i])
  redis.call('UNLINK', meta .. string.sub(ARGV[i], 2))
end
return 'done'
