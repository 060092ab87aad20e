#!/usr/bin/env bash
# Replays every known input of the fuzzing targets, then fuzzes each for a while, as many side by side as there are
# processors. Build them first: make PROFILE=fuzz fuzzers; `make fuzz` does both.
#
#   tests/fuzz/run.sh [--seconds N] [--build FOLDER] [TARGET...]
#
#   --seconds 0   replays only
#
# An input that crashes, hangs or grows beyond bounds is left in tests/fuzz/found/TARGET/, and the run fails. Such a
# file stays there, committed, when what it found is mended: each run begins with it. What merely leads to new code is
# kept in FOLDER/corpus, where the next run goes on from it.
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2

build=build/fuzz seconds=60

usage() {
  sed -n '5,7s/^# *//p' tests/fuzz/run.sh >&2
  exit 2
}

# The longest input that is tried: longer ones are slower and find little more. Known ones are replayed whole.
max_len() {
  case $1 in
    follow) echo 16384 ;;
    worker | attach | observe | stream | journal | report) echo 8192 ;;
    config | theme | http | exchange | proxy) echo 4096 ;;
    argv) echo 2048 ;;
    *) echo 1024 ;;
  esac
}

# fuzz PROGRAM ARGUMENT...: says what it said when it fails
fuzz() {
  local target=$1 log culprit code=0
  shift
  log=$(mktemp) || return 2
  "$build/tests/fuzz/fuzz_$target" -rss_limit_mb=1024 -timeout=10 \
    -artifact_prefix="tests/fuzz/found/$target/" "$@" >"$log" 2>&1 || code=$?
  # Its own figures, or all of its last words.
  if [ "$code" = 0 ]; then
    awk '/DONE|Executed .* in/ { last = $0 } END { if (last) print "    " last }' "$log"
  else
    # Replayed, it is the last one begun; found, it was written.
    culprit=$(grep -oE '(^Running: |Test unit written to ).*' "$log" | tail -n 1)
    tail -n 80 "$log" | sed 's/^/    /'
    echo "  $target: FAILED; again with: $build/tests/fuzz/fuzz_$target ${culprit##* }"
  fi
  rm -f "$log"
  return "$code"
}

run_target() {
  local target=$1 known=() dictionary=() own=$build/corpus/$1
  mkdir -p "$own" "tests/fuzz/found/$target"
  mapfile -t known < <(find "tests/fuzz/corpus/$target" "tests/fuzz/found/$target" -type f 2>/dev/null | sort)
  if [ ${#known[@]} -gt 0 ]; then
    fuzz "$target" "${known[@]}" >"$own.log" 2>&1 || { cat "$own.log"; return 1; }
  fi
  echo "  $target: ${#known[@]} known inputs replayed"
  [ "$seconds" -gt 0 ] || return 0
  [ ! -e "tests/fuzz/dict/$target.dict" ] || dictionary=("-dict=tests/fuzz/dict/$target.dict")
  [ ! -d "tests/fuzz/corpus/$target" ] || set -- "$own" "tests/fuzz/corpus/$target"
  [ $# -gt 1 ] || set -- "$own"
  fuzz "$target" -max_total_time="$seconds" -max_len="$(max_len "$target")" "${dictionary[@]}" "$@" "tests/fuzz/found/$target"
}

main() {
  local targets=() file
  while [ $# -gt 0 ]; do
    case $1 in
      --seconds) seconds=${2:-} && shift ;;
      --build) build=${2:-} && shift ;;
      -*) usage ;;
      *) targets+=("$1") ;;
    esac
    shift || usage
  done
  [[ $seconds =~ ^[0-9]+$ ]] || usage
  if [ ${#targets[@]} = 0 ]; then
    for file in tests/fuzz/fuzz_*.c; do
      file=${file##*/fuzz_}
      targets+=("${file%.c}")
    done
  fi
  for file in "${targets[@]}"; do
    [ -x "$build/tests/fuzz/fuzz_$file" ] || { echo "there is no $build/tests/fuzz/fuzz_$file: make PROFILE=fuzz fuzzers" >&2; exit 2; }
  done
  if [ ${#targets[@]} = 1 ]; then
    run_target "${targets[0]}"
  else
    printf '%s\0' "${targets[@]}" |
      xargs -0 -n 1 -P "$(nproc)" tests/fuzz/run.sh --seconds "$seconds" --build "$build"
  fi
}

main "$@"
