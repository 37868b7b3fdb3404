-- Drops closed segments and moves the base up. Missing segments are ignored: a sweep may be repeated.
-- KEYS meta  ARGV token, new base (or ''), its watermark, its _at, then "s:<from>:<token>" per segment
local meta = KEYS[1]
local now = redis.call('HMGET', meta, 'token', 'cursor', 'open', 'base')
if not now[2] then return 'gone' end
if now[1] ~= ARGV[1] then return 'owner' end
local open = now[3] and 's:' .. now[3] .. ':' .. now[1]
local named = {}
for i = 5, #ARGV do
  named[ARGV[i]] = true
  if ARGV[i] == open then return 'open' end -- fault: drop_open
end
local base = tonumber(ARGV[2])
if base then -- offsets are far below 2^53, so Lua's numbers hold them exactly
  if base > tonumber(now[2]) then return 'cursor' end
  local all = redis.call('HGETALL', meta)
  for i = 1, #all, 2 do
    local first = string.match(all[i], '^s:(%d+):')
    local across = all[i] == open or first and tonumber(string.match(all[i + 1], '^%d+')) > base -- it will grow
    if first and not named[all[i]] and tonumber(first) < base and across then
      return 'straddles'
    end
  end
end
for i = 5, #ARGV do
  redis.call('HDEL', meta, ARGV[i])
  redis.call('UNLINK', meta .. string.sub(ARGV[i], 2))
end
if base and base > tonumber(now[4]) then
  redis.call('HDEL', meta, 'base') -- Redis never refuses this, so it does not refuse the next line either
  redis.call('HSET', meta, 'base', ARGV[2], 'base_watermark', ARGV[3], 'base_at', ARGV[4])
end
return 'done'
