-- Removes fields of the state that have not changed since an offset, of one page of the hash, and moves the base there.
-- KEYS meta  ARGV token, offset, page, the most fields and the most bytes of a page, about
local meta = KEYS[1]
local now = redis.call('HMGET', meta, 'token', 'cursor', 'base')
if not now[2] then return 'gone' end
if now[1] ~= ARGV[1] then return 'owner' end
local offset = tonumber(ARGV[2]) -- offsets are far below 2^53, so Lua's numbers hold them exactly
if offset > tonumber(now[2]) then return 'cursor' end
if offset > tonumber(now[3]) then
  redis.call('HDEL', meta, 'base') -- Redis never refuses this, so it does not refuse the next line either
  redis.call('HSET', meta, 'base', ARGV[2])
end
local state = meta .. ':state'
local fields = redis.call('HLEN', state)
if fields == 0 then return {'0'} end
local each = redis.call('MEMORY', 'USAGE', state) / fields -- of a sample
local most = math.max(1, math.min(tonumber(ARGV[4]), math.floor(tonumber(ARGV[5]) / each)))
local page = redis.call('HSCAN', state, ARGV[3], 'COUNT', most)
for i = 1, #page[2], 2 do
  local since = 0
  for k = 1, 8 do since = since * 256 + string.byte(page[2][i + 1], k) end
  if since <= offset then redis.call('HDEL', state, page[2][i]) end
end
return {page[1]}
