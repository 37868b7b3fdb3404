#!/bin/bash
# nginx's `log_format … escape=json` does not always write JSON.
#
# Expected: with escape=json every line of the log is a JSON document, whatever a client sends; that is what the option is
#   recommended for, and what shippers of logs that parse the line rely on.
# What happens: nginx escapes quotes, backslashes and control characters, and passes bytes from 0x80 on as they are. A header with
#   a byte that is not UTF-8 (0xff; Latin-1 in a user agent or a path) makes a line that is no JSON text (RFC 8259, 8.1), and
#   jq or a strict parser refuses it, while a lax one reads another text than was sent. escape=default writes \xFF.
# Why it matters here: such lines are refused when they are read as jsonl. They are kept with their reason and stop nothing, but
#   who counts requests misses them: a format with escape=default, read as an access log, loses none.
# Seen: nginx 1.22.1 (Debian 12, nginx package 1.22.1-9): {"agent":"a<ff>b"}, byte ff as sent; with escape=default a\xFFb.
set -eu
version=1.22.1-9
work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
full=$(apt-cache madison nginx | awk '{print $3}' | grep "^$version" | head -1)
[ -n "$full" ] || { echo "nginx $version is not available"; exit 2; }
apt-get download -q "nginx=$full" >/dev/null 2>&1
dpkg -x nginx_*.deb root
mkdir -p run logs html
echo ok > html/index.html
cat > nginx.conf <<C
daemon off; master_process off; pid $work/run/pid; error_log $work/logs/error;
events { }
http {
  client_body_temp_path $work/run/1; proxy_temp_path $work/run/2; fastcgi_temp_path $work/run/3; uwsgi_temp_path $work/run/4; scgi_temp_path $work/run/5;
  log_format as_json escape=json '{"agent":"\$http_user_agent"}';
  log_format as_text '\$http_user_agent';
  server { listen unix:$work/run/socket; root $work/html; access_log $work/logs/json as_json; access_log $work/logs/text as_text; }
}
C
root/usr/sbin/nginx -p "$work" -c "$work/nginx.conf" 2>logs/start & pid=$!
for i in $(seq 100); do [ -S run/socket ] && break; sleep 0.1; done
ask() { printf 'GET / HTTP/1.0\r\nUser-Agent: %b\r\n\r\n' "$1" | python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(sys.stdin.buffer.read())
while s.recv(4096): pass' "$work/run/socket"; }
ask 'a"b\x01'
ask 'a\xffb'
kill "$pid"; wait "$pid" || true; pid=
status=0
expect() { [ "$2" = "$3" ] || { echo "$1: $2, expected $3"; status=1; }; }
expect "a quote and a control character" "$(sed -n 1p logs/json)" '{"agent":"a\"b\u0001"}'
expect "a byte that is not UTF-8, in hex" "$(sed -n 2p logs/json | od -An -tx1 | tr -d ' \n')" "$(printf '{"agent":"a\xffb"}\n' | od -An -tx1 | tr -d ' \n')"
expect "the same with escape=default" "$(sed -n 2p logs/text)" 'a\xFFb'
if python3 -c 'import json, sys; json.loads(open(sys.argv[1], "rb").read().splitlines()[1])' logs/json 2>/dev/null; then
	echo "the line is JSON"; status=1
fi
[ $status = 0 ] && echo "nginx $version: as described"
exit $status
