#!/usr/bin/env bash
# The whole test suite. Its last line is `N passed, N failed`, with `, N skipped` when there are any.
#
#   tests/run.sh [MAKE]
#
#   SUITES="lint asan"          only these: build clang lint asan fuzz tsan valgrind image worker engine e2e soak
#   SANDWATCH_REQUIRE_ENGINE=1  a machine on which no private engine starts is a failure, not a skip
#   FUZZ_SECONDS=60             how long what reads from outside is fuzzed, all targets together
#   V=1                         how long each test program took
#
# The engine is a private one of this run alone: the user's own is neither asked nor touched.
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2

make=${1:-make}
jobs=$(nproc)
suites=${SUITES:-build clang lint asan fuzz tsan valgrind image worker engine e2e soak}
python=/usr/bin/python3 # the one that the distribution's modules are for
[ -x "$python" ] || python=python3
# A make above hands down its job slots and flags; each make here has its own.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
# Nothing here is done on behalf of who called sudo; git trusts root because of that, or when told to.
if [ -n "${SUDO_UID:-}" ]; then
  unset SUDO_UID
  export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0=$PWD
fi
unset DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG DOCKER_TLS_VERIFY DOCKER_CERT_PATH
export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
umask 022

work='' child='' engine_started='' no_engine=''
passed=0 failed=0 skipped=0

# ---- running things ----

# In the background and waited for: a signal is then handled at once, not after the command.
attended() {
  local code=0
  "$@" &
  child=$!
  wait "$child" || code=$?
  child=''
  return "$code"
}

wants() { [[ " $suites " == *" $1 "* ]]; }

now() { date +%s%N; }

# line NAME RESULT BEGIN
line() {
  local tenths=$((($(now) - $3) / 100000000))
  printf '  %-26s %-34s %4d.%d s\n' "$1" "$2" $((tenths / 10)) $((tenths % 10))
}

show() {
  printf -- '---- %s\n' "$1"
  sed -E '/^  (cc|link) /d; s/^/     /' "$2"
  printf -- '---- end of %s\n' "$1"
}

# single NAME COMMAND...: one test
single() {
  local name=$1 begin
  shift
  begin=$(now)
  if attended "$@" >"$work/log" 2>&1; then
    passed=$((passed + 1))
    line "$name" '1 passed' "$begin"
  else
    failed=$((failed + 1))
    show "$name: $*" "$work/log"
    line "$name" '1 FAILED' "$begin"
    return 1
  fi
}

# suite NAME OPTION... PROGRAM...
suite() {
  local counts
  rm -f "$work/tally"
  attended "$python" tests/lib/suite.py --tally "$work/tally" --name "$@"
  if read -ra counts 2>/dev/null <"$work/tally"; then
    passed=$((passed + counts[0])) failed=$((failed + counts[1])) skipped=$((skipped + counts[2]))
  else
    failed=$((failed + 1))
    echo "  $1: the suite itself could not be run"
  fi
}

# in_order NAME... -- PROGRAM...: the programs into the array `ordered`, those called NAME first. Those that
# take longest must not be begun last, when many run side by side.
in_order() {
  local first=() name program
  ordered=()
  while [ "$1" != -- ]; do
    first+=("$1")
    shift
  done
  shift
  for name in "${first[@]}"; do
    for program; do
      [[ "$(basename "$program")" != "$name" ]] || ordered+=("$program")
    done
  done
  for program; do
    [[ " ${first[*]} " == *" $(basename "$program") "* ]] || ordered+=("$program")
  done
}

skip() {
  skipped=$((skipped + $2))
  printf '  %-26s %s\n    skipped: %s\n' "$1" "$2 skipped" "$3"
}

# ---- building ----

# build COMPILER ARGUMENT...: everything that is compiled, and nothing that a compiler or linker minds
build() {
  "$make" --no-print-directory -j"$jobs" "$@" || return
  ! grep -E 'warning:|warning ' "$work/log"
}

# programs PROFILE FOLDER: the test programs that the Makefile builds out of FOLDER/test_*.c
programs() {
  local source
  # shellcheck disable=SC2231 # FOLDER is a pattern
  for source in tests/$2/test_*.c; do
    [ ! -e "$source" ] || printf '%s\n' "build/$1/${source%.c}"
  done
}

other_compiler() {
  if cc --version | grep -qi clang; then echo gcc; else echo clang; fi
}

test_build() {
  wants build || return 0
  single "build" build PROFILE=release all unit engine-tests
}

# Its warnings are what is wanted of it; clang has the same ones without optimizing, in half the time.
test_other_compiler() {
  local compiler profile=debug
  wants clang || return 0
  compiler=$(other_compiler)
  [ "$compiler" = clang ] || profile=release
  if command -v "$compiler" >/dev/null; then
    single "build with $compiler" build PROFILE="$profile" CC="$compiler" B="build/$compiler" all unit engine-tests
  else
    skip "build with $compiler" 1 "there is no $compiler"
  fi
}

# Made by the recipe itself, as whoever uses these tests by hand would: it takes no root and no engine.
make_root() {
  docker/image/build.sh --shim build/release/shim --worker docker/worker/worker.py --zygote docker/worker/zygote.py --out "$work/image" &&
    test -e "$work/image/rootfs/sandwatch/host.argv"
}

test_root() {
  wants asan || wants image || wants worker || wants engine || wants e2e || return 0
  single 'unpacked image' make_root || return 0
  export SANDWATCH_TEST_ROOT=$work/image/rootfs
}

# A locale with a decimal comma: figures must not depend on it. Only where core's tests run: with
# LOCPATH glibc's newlocale leaks, and libcurl's libraries call it.
make_locale() {
  mkdir -p "$work/locales"
  localedef -i de_DE -f UTF-8 "$work/locales/de_DE.UTF-8" >/dev/null 2>&1 || true
}

# units PROFILE NAME OPTION...: one suite for each layer. Some programs wait for what they have started, so one more
# than there are processors.
units() {
  local profile=$1 name=$2 folder list ordered
  shift 2
  for folder in tests/unit/*/; do
    folder=$(basename "$folder")
    mapfile -t list < <(programs "$profile" "unit/$folder")
    [ ${#list[@]} -gt 0 ] || continue
    if [ "$folder" = core ]; then local -x LOCPATH=$work/locales; else unset LOCPATH; fi
    in_order test_screens test_proxy test_misbehaving test_event_decode test_scheduler_resume test_config_write test_worker \
      test_session test_recorder -- "${list[@]}"
    suite "unit $folder, $name" --tap --jobs $((jobs + 1)) "$@" "${ordered[@]}"
  done
}

test_units() {
  make_locale
  if wants asan && single 'build asan' build PROFILE=asan unit; then
    # cmocka would catch the signal and leave the sanitizer without a report
    ASAN_OPTIONS=handle_segv=2:handle_sigbus=2:handle_sigfpe=2 UBSAN_OPTIONS=print_stacktrace=1 \
      units asan sanitizers
  fi
  wants valgrind || return 0
  if command -v valgrind >/dev/null; then
    # The sanitizers have run all rounds of what is random.
    SANDWATCH_TEST_TENTH=1 units release valgrind --wrap \
      "valgrind -q --error-exitcode=99 --leak-check=full --child-silent-after-fork=yes --suppressions=$PWD/tests/lib/valgrind.supp"
  else
    skip 'unit, valgrind' 1 'there is no valgrind'
  fi
}

# Every known input of each target, then a smoke. `make fuzz` takes its time.
test_fuzz() {
  local list=() source seconds
  wants fuzz || return 0
  if ! command -v clang >/dev/null; then
    skip fuzz 1 'there is no clang'
  elif single 'build fuzz' build PROFILE=fuzz fuzzers; then
    for source in tests/fuzz/fuzz_*.c; do
      source=${source##*/fuzz_}
      list+=("${source%.c}")
    done
    seconds=$((${FUZZ_SECONDS:-60} * jobs / ${#list[@]}))
    suite fuzz --jobs "$jobs" --timeout $((seconds + 300)) "${list[@]/#/tests/fuzz/run.sh --seconds $seconds }"
  fi
}

# Only what runs on several threads. Threads that are left behind on purpose are no finding.
test_threads() {
  local list=(build/tsan/tests/unit/{core/test_queue,core/test_recorder,docker/test_proxy,docker/test_proxy_faults,tui/test_live})
  wants tsan || return 0
  if single 'build tsan' build PROFILE=tsan "${list[@]}"; then
    TSAN_OPTIONS=report_thread_leaks=0 suite 'threads, sanitizer' --tap --jobs "$jobs" "${list[@]}"
  fi
}

# ---- the private engine ----

state=''

# Surroundings in which nothing but the private engine can be found.
sheltered() {
  env HOME="$work/home" XDG_RUNTIME_DIR="$work/runtime" XDG_STATE_HOME="$state" XDG_CONFIG_HOME="$work/home" "$@"
}

sheltered_suite() {
  HOME=$work/home XDG_RUNTIME_DIR=$work/runtime XDG_STATE_HOME=$state XDG_CONFIG_HOME=$work/home suite "$@"
}

# The usual sockets would be tried first: below this they are not sockets.
# shellcheck disable=SC2016 # for the inner shell
hidden='for socket in /run/docker.sock /run/podman/podman.sock; do
  [ ! -S "$socket" ] || mount --bind /dev/null "$socket" || exit
done
exec "$@"'

start_engine() {
  local begin record pid
  begin=$(now)
  engine_started=1
  if ! attended sheltered unshare -m --propagation slave bash -c "$hidden" hidden \
    build/release/sandwatch image build >"$work/log" 2>&1; then
    no_engine=$(tail -n 1 "$work/log")
    [ "${SANDWATCH_REQUIRE_ENGINE:-}" != 1 ] || show 'starting a private engine' "$work/log"
    return 1
  fi
  record=$state/sandwatch/engine/engine.process
  read -r pid _ <"$record" || return 1
  # The socket stands elsewhere when its path would be too long.
  SANDWATCH_TEST_HOST=$(tr '\0' '\n' <"/proc/$pid/cmdline" | grep -m 1 '^unix://') || return 1
  export SANDWATCH_TEST_HOST
  passed=$((passed + 1))
  line 'private engine, image' '1 passed' "$begin"
}

prepare_engine() {
  wants engine || wants e2e || wants image || wants worker || wants soak || return 0
  state=$work/state
  mkdir -p "$work/home" "$work/runtime" "$state"
  if [ "$(id -u)" != 0 ]; then
    no_engine='a private engine needs root'
  elif ! command -v dockerd >/dev/null; then
    no_engine='there is no dockerd'
  elif ! start_engine; then
    no_engine=${no_engine:-the private engine left no record of itself}
  fi
  if [ -n "$no_engine" ] && [ "${SANDWATCH_REQUIRE_ENGINE:-}" = 1 ]; then
    failed=$((failed + 1))
    printf '  %-26s 1 FAILED\n    %s\n' 'private engine' "$no_engine"
  fi
}

# ---- what runs on it ----

test_image_and_worker() {
  wants image || wants worker || return 0
  export SANDWATCH_SHIM=$PWD/build/release/shim SANDWATCH_TEST_BUILD=1
  if [ -z "$no_engine" ]; then
    export DOCKER_HOST=$SANDWATCH_TEST_HOST SANDWATCH_TEST_IMAGE=sandwatch/python:latest
  fi
  ! wants image || suite 'image and shim' --jobs "$jobs" tests/image/test_*
  ! wants worker || suite 'worker' --jobs "$jobs" tests/worker/test_*.py
  unset DOCKER_HOST
}

# Mostly they wait: for engines, for limits to pass. So there may be one more than there are processors.
# Those that account for nearly all of an attempt's time run one after another: a thread that is kept waiting
# between two phases has no phase to count it in.
test_engine() {
  local list ordered program alone=()
  mapfile -t list < <(programs release engine)
  in_order test_policy test_isolation test_attacks test_engine_private -- "${list[@]}"
  list=()
  for program in "${ordered[@]}"; do
    case $(basename "$program") in
      test_attacks | test_policy) list+=("$program --part 1/2" "$program --part 2/2") ;;
      test_cold | test_exec | test_prepared | test_warm) alone+=("$program") ;;
      *) list+=("$program") ;;
    esac
  done
  wants engine && [ ${#list[@]} -gt 0 ] || return 0
  if [ -n "$no_engine" ]; then
    skip engine "${#ordered[@]}" "$no_engine"
  else
    suite engine --tap --jobs $((jobs + 1)) "${list[@]}"
    [ ${#alone[@]} -eq 0 ] || suite 'engine, runners' --tap "${alone[@]}"
  fi
}

# Alone are those that account for an attempt's time, or stop a program for a while, and those that make and remove
# images, engines and this machine's root: test_leaks compares what images there are.
test_e2e() {
  local list=() alone=() ordered file
  for file in tests/e2e/test_*.sh tests/e2e/test_*.py; do
    [ -x "$file" ] || continue
    case $(basename "$file") in
      test_consistency.py | test_foreign_image.py | test_setup.py | test_stops.py) alone+=("$file") ;;
      *) list+=("$file") ;;
    esac
  done
  wants e2e && [ ${#list[@]} -gt 0 ] || return 0
  if [ -n "$no_engine" ]; then
    skip 'end to end' $((${#list[@]} + ${#alone[@]})) "$no_engine"
  else
    export SANDWATCH=$PWD/build/release/sandwatch
    in_order test_leaks.py test_ladder.py test_batch.py test_bad_input.py test_resume.py test_terminal.py -- "${list[@]}"
    sheltered_suite 'end to end' --jobs "$jobs" "${ordered[@]}"
    [ ${#alone[@]} -eq 0 ] || sheltered_suite 'end to end, alone' "${alone[@]}"
  fi
}

# Short ones, with what a long one counts: `make soak` takes its time. The soak has an engine of its own.
test_soak() {
  wants soak || return 0
  if [ -n "$no_engine" ]; then
    skip soak 2 "$no_engine"
  else
    sheltered_suite 'soak and kills, short' --jobs "$jobs" --timeout 1200 "tests/soak/soak.py --minutes 0.5 --iterations 16" \
      "tests/soak/kills.py --kills 5"
  fi
}

# ---- what is left ----

stop_engine() {
  engine_started=''
  sheltered build/release/sandwatch clean --engine --data
}

test_leftovers() {
  if [ -n "$engine_started" ]; then
    if [ -z "$no_engine" ]; then
      single 'no container is left' "$python" tests/lib/leftovers.py containers "${SANDWATCH_TEST_HOST#unix://}"
    fi
    single 'the engine stops' stop_engine
  fi
  single 'no process is left' "$python" tests/lib/leftovers.py processes --kill "${work##*.}" "$work"
  single 'no mount is left' "$python" tests/lib/leftovers.py mounts "$work"
}

clean_up() {
  [ -n "$work" ] || return
  [ -z "$child" ] || { kill "$child" && wait "$child"; } 2>/dev/null
  [ -z "$engine_started" ] || stop_engine >/dev/null 2>&1
  "$python" tests/lib/leftovers.py processes --kill "${work##*.}" "$work" >/dev/null
  "$python" tests/lib/leftovers.py mounts "$work" | while read -r _ point; do umount -l "$point"; done
  rm -rf --one-file-system "$work"
  work=''
}

# Most of the suite needs root: whoever may become root does, and gets the build back.
as_root() {
  local code=0
  sudo -- env "SUITES=$suites" "V=${V:-}" "FUZZ_SECONDS=${FUZZ_SECONDS:-60}" "SANDWATCH_REQUIRE_ENGINE=${SANDWATCH_REQUIRE_ENGINE:-}" \
    "TMPDIR=${TMPDIR:-/var/tmp}" bash tests/run.sh "$make" || code=$?
  sudo chown -R "$(id -u):$(id -g)" build
  exit "$code"
}

main() {
  local begin
  [ "$(id -u)" = 0 ] || ! command -v sudo >/dev/null || as_root
  begin=$(now)
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  # Not /tmp: it may be in memory, and an engine's data is large.
  work=$(mktemp -d "${TMPDIR:-/var/tmp}/sandwatch-test.XXXXXX") || exit 2
  # Whatever a test starts carries this: that is how it is found again.
  export SANDWATCH_TEST_RUN=${work##*.}

  if test_build; then
    test_other_compiler
    ! wants lint || suite lint tests/lint.sh
    ! wants lint || single 'promises, their table' "$python" tests/promises.py --check
    ! wants lint || suite 'bench, its figures' tests/bench/test_bench.py
    test_root
    test_units
    test_fuzz
    test_threads
    prepare_engine
    export SANDWATCH_TEST_STATE=$state/sandwatch
    test_image_and_worker
    test_engine
    test_e2e
    test_soak
    test_leftovers
  fi
  line total '' "$begin"
  printf '%d passed, %d failed%s\n' "$passed" "$failed" "$([ "$skipped" = 0 ] || echo ", $skipped skipped")"
  [ "$failed" = 0 ]
}

main
