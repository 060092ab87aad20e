#!/usr/bin/env bash
# Builds, and says in one line how long it took; what the compiler says is shown only when it fails.
#
#   config/build.sh MAKE ARGUMENT...
set -u -o pipefail

make=$1
shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT TERM HUP
# A make above hands down its job slots and flags; this one has its own.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

[ ! -t 2 ] || printf '  build      …' >&2
begin=$(date +%s%N)
code=0
LC_ALL=C "$make" --no-print-directory -j"$(nproc)" "$@" >"$log" 2>&1 </dev/null || code=$?
tenths=$((($(date +%s%N) - begin) / 100000000))
[ ! -t 2 ] || printf '\r\033[K' >&2

if [ "$code" != 0 ]; then
  printf '  build      failed\n' >&2
  cat "$log" >&2
elif grep -qv 'Nothing to be done' "$log"; then
  [ "${V:-0}" != 1 ] || cat "$log" >&2
  printf '  build      %d.%d s\n' $((tenths / 10)) $((tenths % 10)) >&2
else
  printf '  build      up to date\n' >&2
fi
exit "$code"
