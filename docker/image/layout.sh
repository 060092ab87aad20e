#!/bin/sh
# Writes ROOT/sandwatch/{sandbox.argv,host.argv,host.env}: how the worker is run in a container, and on
# the host out of the unpacked image. One argument a line; @ROOT@ stands for where ROOT was unpacked.
#
#   layout.sh ROOT INTERPRETER PACKAGES LOADER LIBRARIES
#
# All paths as seen inside ROOT, none through an absolute link; LIBRARIES is separated by colons.
# build.sh and the Dockerfile both call it, so that both images are run in the same way.
set -eu

[ $# = 5 ] || {
  echo 'usage: layout.sh ROOT INTERPRETER PACKAGES LOADER LIBRARIES' >&2
  exit 2
}
root=$1 interpreter=$2 packages=$3 loader=$4 libraries=$5

# Not -I: it would ignore PYTHONHASHSEED, and sets of text would be ordered differently in every run.
flags='-s -S -B'
minor=${interpreter##*python3.}
[ "$minor" -lt 11 ] || flags="$flags -P"

# The compiled worker: its source would be compiled anew at every start.
# shellcheck disable=SC2086 # the flags are a list
printf '%s\n' "$interpreter" $flags /sandwatch/worker.pyc --packages "$packages" >"$root/sandwatch/sandbox.argv"
{
  printf '%s\n' "@ROOT@$loader" --library-path "@ROOT@$(printf %s "$libraries" | sed 's|:|:@ROOT@|g')"
  sed 's|^/|@ROOT@/|' "$root/sandwatch/sandbox.argv"
} >"$root/sandwatch/host.argv"

# LC_ALL=C: with any other locale libc would read the host's own locale files when the worker runs there.
printf '%s\n' PATH=/usr/bin:/bin LC_ALL=C TZ=UTC HOME=/nonexistent PYTHONUTF8=1 PYTHONHASHSEED=0 \
  OPENBLAS_NUM_THREADS=1 >"$root/sandwatch/host.env"
