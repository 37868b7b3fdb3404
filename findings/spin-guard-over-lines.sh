#!/bin/bash
# A guard in Promela ends at the end of its line, unless the line ends in an operator or the parenthesis is still open.
#
# Expected: Promela's grammar knows no lines; statements are separated by ; or ->, as the books and the papers write them, so a long
#   guard may be continued in a line that begins with &&.
# What happens: since version 6 the lexer puts a semicolon of its own at the end of a line that could end a statement. What begins the
#   next line with && is then a syntax error there. With the operator at the end of the first line, or with the guard in parentheses,
#   or with -o7, the same text is read.
# Why it matters here: the models of the protocol have guards of several terms, and say which rule each term is. A term in a line of
#   its own must begin behind an operator, not with one.
# Seen: spin 6.5.2+dfsg-1 (Debian 12): "syntax error saw 'operator: &&'".
set -eu
version=6.5.2+dfsg-1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-cache madison spin | awk '{print $3}' | grep -qx -- "$version" || { echo "spin $version is not available"; exit 2; }
apt-get download -q "spin=$version" >/dev/null 2>&1
dpkg -x spin_*.deb root
spin=$PWD/root/usr/bin/spin
model() { printf 'active proctype p() {\n\tint a = 1;\n\tif\n\t:: %b -> skip\n\tfi\n}\n' "$1" >model.pml; }
reads() { "$spin" "$@" -a model.pml >said 2>&1; }
fail() { echo "got: $1"; cat said; exit 1; }

model 'a == 1\n\t   && a < 2'
reads && fail "a line that begins with && was read"
grep -q "model.pml:5, Error: syntax error.*saw 'operator: &&'" said || fail "another error"
reads -o7 || fail "-o7 did not help"
model 'a == 1 &&\n\t   a < 2'
reads || fail "an operator at the end of the line"
model '(a == 1\n\t   && a < 2)'
reads || fail "a guard in parentheses"
echo "spin $version: as described"
