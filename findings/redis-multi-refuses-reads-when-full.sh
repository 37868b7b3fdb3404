#!/bin/bash
# A Redis above its maxmemory refuses reads, if they are queued in MULTI.
#
# Expected: with maxmemory-policy noeviction a full server refuses commands that may need memory (those with the flag denyoom),
#   and goes on answering reads; a transaction of reads needs no memory, and is the usual way to read two keys at one instant.
# What happens: between MULTI and EXEC every command is refused with OOM, HGETALL and GET too, whatever its flags, and EXEC then
#   answers EXECABORT; outside of MULTI the same reads are answered. (Queued commands take memory, so the server does
#   not look at what they are.) MULTI and EXEC themselves, WATCH and DISCARD are let through.
# Why it matters here: a reader that takes a unit's position and its cells in one transaction fails as soon as Redis is full,
#   when its writers are waiting and an answer is wanted most. Reads between WATCH and an empty MULTI/EXEC are consistent as
#   well, since EXEC tells whether a watched key was changed, and a full server answers them.
# Seen: Redis 7.0.15 (Debian 12, redis-server).
set -eu
work=$(mktemp -d)
trap '[ ! -S "$work/s" ] || "$work/redis-cli" -s "$work/s" shutdown nosave >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
cd "$work"
version=$(apt-cache madison redis-server | awk '{print $3}' | grep '^5:7\.0\.15' | head -1)
[ -n "$version" ] || { echo "redis-server 7.0.15 is not available"; exit 2; }
apt-get download -q "redis-server=$version" "redis-tools=$version" >/dev/null 2>&1
for deb in *.deb; do dpkg -x "$deb" root; done
ln -s root/usr/bin/redis-check-rdb redis-server && ln -s root/usr/bin/redis-cli redis-cli
./redis-server --port 0 --unixsocket "$work/s" --save '' --dir "$work" --maxmemory-policy noeviction --daemonize yes >/dev/null
for i in $(seq 100); do [ -S s ] && break; sleep 0.1; done
cli() { ./redis-cli -s "$work/s" "$@" | tr -d '\r'; }
cli hset h field value >/dev/null
cli config set maxmemory 1 >/dev/null
status=0
expect() { [ "$2" = "$3" ] || { printf '%s: got\n%s\nexpected\n%s\n' "$1" "$2" "$3"; status=1; }; }
oom="OOM command not allowed when used memory > 'maxmemory'."
expect "a write" "$(cli hset h other 1 2>&1)" "$oom"
expect "a read" "$(cli hget h field)" value
expect "the same read in MULTI" "$(printf 'multi\nhget h field\nexec\n' | cli 2>&1 | grep -v '^$')" "$(printf 'OK\n%s\nEXECABORT Transaction discarded because of previous errors.' "$oom")"
expect "between WATCH and an empty transaction" "$(printf 'watch h\nhget h field\nmulti\nexec\n' | cli 2>&1 | grep -v '^$')" "$(printf 'OK\nvalue\nOK')"
[ $status = 0 ] && echo "Redis $(./redis-server --version | grep -o 'v=[0-9.]*'): as described"
exit $status
