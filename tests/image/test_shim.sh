#!/usr/bin/env bash
# Tests of docker/shim/shim.c: on this host, and as PID 1 of a container.
#
#   SANDWATCH_SHIM                          a built static shim (default: compiled here, into a temporary directory)
#   DOCKER_HOST and SANDWATCH_TEST_IMAGE    an engine and our image, for the tests as PID 1 (else skipped)
set -u

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
token=00112233445566778899aabbccddeeff
passed=0 failed=0 skipped=0
trap 'rm -rf "$work"' EXIT

shim=${SANDWATCH_SHIM:-$work/shim}
[ -n "${SANDWATCH_SHIM:-}" ] || cc -static -Os -o "$shim" "$here/../../docker/shim/shim.c" || exit 2

# check NAME EXPECTED ACTUAL
check() {
  if [ "$2" = "$3" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAIL %s\n  expected: %s\n  actual:   %s\n' "$1" "$2" "$3" >&2
  fi
}

# matches NAME PATTERN TEXT
matches() {
  if [[ $3 =~ $2 ]]; then check "$1" matched matched; else check "$1" "text like $2" "$3"; fi
}

# Runs the shim with a token; leaves stdout in $out, stderr in $err, the exit code in $code.
run() {
  code=0
  SANDWATCH_TOKEN=$token timeout 20 "$shim" "$@" >"$work/out" 2>"$work/err" </dev/null || code=$?
  out=$(cat "$work/out") err=$(cat "$work/err")
}

# wait_for CONDITION...: until it holds, for 10 s at most
wait_for() {
  local end=$((SECONDS + 10))
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    read -r -t 0.01 <> <(:) || true
  done
}

test_stamps() {
  local init exit_ns
  run sh -c 'echo "$SANDWATCH_T_INIT"'
  check 'exit code 0' 0 "$code"
  matches 'init line' "^"$'\036'"sw1 $token init [0-9]+"$'\n' "$err"
  matches 'exit line' $'\n\036'"sw1 $token exit [0-9]+ code 0$" "$err"
  init=$(sed -n '1s/.* //p' "$work/err")
  exit_ns=$(sed -n '2s/.*exit \([0-9]*\).*/\1/p' "$work/err")
  check 'SANDWATCH_T_INIT is the stamp' "$init" "$out"
  check 'time does not run backwards' yes "$([ "$exit_ns" -gt "$init" ] && echo yes)"
  check 'two lines' 2 "$(wc -l <"$work/err")"
}

test_clock() {
  local before after init
  before=$(awk '{ printf "%d", $1 * 100 }' /proc/uptime)
  run true
  after=$(awk '{ printf "%d", $1 * 100 + 1 }' /proc/uptime)
  init=$(sed -n '1s/.* //p' "$work/err")
  # uptime counts suspended time too; on a machine that never slept both clocks agree
  [ "$(python3 -c 'import time; print(int(time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()))')" = 0 ] || return
  check 'CLOCK_MONOTONIC' yes "$([ $((init / 10000000)) -ge $((before - 1)) ] && [ $((init / 10000000)) -le $((after + 1)) ] && echo yes)"
}

test_exit_codes() {
  run sh -c 'exit 3'
  check 'exit code 3' 3 "$code"
  matches 'exit code 3 is stamped' 'code 3$' "$err"
  run sh -c 'kill -KILL $$'
  check 'killed' 137 "$code"
  matches 'the signal is stamped' 'signal 9$' "$err"
  run sh -c 'ulimit -c 0; kill -ABRT $$'
  check 'aborted' 134 "$code"
}

test_exec_failure() {
  run /nonexistent/command
  check 'not found' 127 "$code"
  matches 'not found says so' 'sandwatch-shim: cannot execute /nonexistent/command: No such file' "$err"
  matches 'not found is stamped' 'code 127$' "$err"
  run command-that-is-nowhere
  check 'not in PATH' 127 "$code"
  : >"$work/plain"
  run "$work/plain"
  check 'not executable' 126 "$code"
  matches 'not executable says so' 'Permission denied' "$err"
  run "$work"
  check 'a directory' 126 "$code"
  run
  check 'no command' 125 "$code"
}

test_environment() {
  run env
  check 'the token is not passed on' '' "$(grep TOKEN "$work/out")"
  # shellcheck disable=SC2016 # for the inner shell
  run setpriv --reuid 65534 --clear-groups sh -c 'cat /proc/$PPID/environ 2>&1 | tr "\0" "\n" | grep -a -c '"$token"
  check 'the token is not in /proc/PPID/environ' 0 "$out"
  code=0
  env -u SANDWATCH_TOKEN "$shim" sh -c 'exit 5' 2>"$work/err" || code=$?
  check 'without a token no lines' '' "$(cat "$work/err")"
  check 'without a token the same code' 5 "$code"
}

test_dispositions() {
  local line
  (
    trap '' INT TERM USR1 CHLD PIPE
    SANDWATCH_TOKEN=$token exec "$shim" grep -E 'Sig(Blk|Ign)' /proc/self/status
  ) >"$work/out" 2>/dev/null
  local value
  for line in SigBlk SigIgn; do
    value=$(awk -v name="$line:" '$1 == name { print $2 }' "$work/out")
    # Signals 32 and 33 are the C library's own: sigaction(2) is refused for them, whoever set them.
    check "$line of the command" 0 "$((0x${value:-1} & ~0x180000000))"
  done
}

test_forwards_signals() {
  local signal pid number
  for signal in TERM INT HUP USR1 USR2 QUIT WINCH; do
    rm -f "$work/ready"
    SANDWATCH_TOKEN=$token "$shim" bash -c "trap 'exit 42' $signal; : >'$work/ready'; while :; do read -r -t 0.1 <> <(:); done" \
      2>"$work/err" </dev/null &
    pid=$!
    wait_for test -e "$work/ready"
    kill "-$signal" "$pid"
    code=0
    wait "$pid" || code=$?
    check "forwards $signal" 42 "$code"
  done
  number=$(kill -l TERM)
  rm -f "$work/ready"
  SANDWATCH_TOKEN=$token "$shim" bash -c ": >'$work/ready'; exec sleep 60" 2>"$work/err" </dev/null &
  pid=$!
  wait_for test -e "$work/ready"
  kill -TERM "$pid"
  code=0
  wait "$pid" || code=$?
  check 'TERM ends a command that does not handle it' $((128 + number)) "$code"
  matches 'and is stamped' "signal $number$" "$(cat "$work/err")"
}

# The orphan becomes the shim's child; once it has ended nothing of it may be left.
test_reaps_orphans() {
  local pid children
  SANDWATCH_TOKEN=$token "$shim" bash -c "(sh -c 'exec sleep 0.1' & echo \$! >'$work/orphan'); : >'$work/ready2'; read -r <'$work/gate'" \
    2>"$work/err" </dev/null &
  pid=$!
  wait_for test -e "$work/ready2"
  wait_for sh -c "! test -e /proc/\$(cat '$work/orphan')"
  check 'an orphan is reaped' 0 $?
  children=$(wc -w <"/proc/$pid/task/$pid/children")
  check 'only the command is left' 1 "$children"
  : >"$work/gate"
  wait "$pid"
}

test_does_not_poll() {
  local pid before after
  "$shim" sh -c ": >'$work/ready3'; exec sleep 60" </dev/null &
  pid=$!
  wait_for test -e "$work/ready3"
  before=$(awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/$pid/status")
  "$shim" sleep 0.5
  after=$(awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/$pid/status")
  kill -TERM "$pid"
  wait "$pid"
  check 'a waiting shim never wakes up' "$before" "$after"
}

test_closed_stderr() {
  code=0
  SANDWATCH_TOKEN=$token "$shim" sh -c 'exit 7' 2>&- || code=$?
  check 'closed stderr' 7 "$code"
  {
    trap '' PIPE
    while printf x; do :; done 2>/dev/null
    code=0
    SANDWATCH_TOKEN=$token "$shim" sh -c 'exit 8' 2>&1 >/dev/null || code=$?
    echo "$code" >"$work/code"
  } | true
  code=$(cat "$work/code")
  check 'stderr without a reader' 8 "$code"
}

test_becomes_the_command() {
  local pid
  # shellcheck disable=SC2016 # for the inner shell
  run --exec sh -c 'echo "$SANDWATCH_T_INIT $(env | grep -c TOKEN)"; exit 6'
  check 'exec: the exit code is the command'"'"'s' 6 "$code"
  matches 'exec: the init line alone' "^"$'\036'"sw1 $token init [0-9]+$" "$err"
  check 'exec: the stamp is passed on, the token is not' "$(sed -n '1s/.* //p' "$work/err") 0" "$out"
  # shellcheck disable=SC2016 # for the inner shell
  SANDWATCH_TOKEN=$token "$shim" --exec sh -c 'echo $$' >"$work/out" 2>"$work/err" </dev/null &
  pid=$!
  wait "$pid"
  check 'exec: the process is the same' "$pid" "$(cat "$work/out")"
  run --exec /nonexistent/command
  check 'exec: not found' 127 "$code"
  run --exec
  check 'exec: no command' 125 "$code"
  (
    trap '' INT TERM USR1 CHLD PIPE
    SANDWATCH_TOKEN=$token exec "$shim" --exec grep -E 'Sig(Blk|Ign)' /proc/self/status
  ) >"$work/out" 2>/dev/null
  for line in SigBlk SigIgn; do
    value=$(awk -v name="$line:" '$1 == name { print $2 }' "$work/out")
    check "exec: $line of the command" 0 "$((0x${value:-1} & ~0x180000000))"
  done
}

is_stamped() { [ -s "$work/err" ]; }

test_pauses() {
  local pid signal
  for signal in TERM INT; do
    : >"$work/err"
    SANDWATCH_TOKEN=$token "$shim" --pause 2>"$work/err" </dev/null &
    pid=$!
    wait_for is_stamped
    kill -USR1 "$pid"
    kill -HUP "$pid"
    check 'pause: stays at other signals' yes "$(test -d "/proc/$pid" && echo yes)"
    kill "-$signal" "$pid"
    code=0
    wait "$pid" || code=$?
    check "pause: $signal ends it with 0" 0 "$code"
    matches 'pause: the init line alone' "^"$'\036'"sw1 $token init [0-9]+$" "$(cat "$work/err")"
  done
}

hardened() {
  docker run --rm -i --network none --read-only --cap-drop ALL --security-opt no-new-privileges --user 65534:65534 \
    --pids-limit 64 --memory 256m --ulimit core=0 -e "SANDWATCH_TOKEN=$token" "$@"
}

# The image has no shell: its Python plays the commands.
in_container() {
  code=0
  hardened "$SANDWATCH_TEST_IMAGE" "$interpreter" -S -c "$1" >"$work/out" 2>"$work/err" </dev/null || code=$?
  out=$(cat "$work/out") err=$(cat "$work/err")
}

# What is executed in the container can neither end nor stop what keeps it up.
test_pause_as_pid_1() {
  local name=sandwatch-test-pause-$$ attack
  hardened -d --name "$name" "$SANDWATCH_TEST_IMAGE" --pause >/dev/null
  attack='import ctypes, os, signal, time
for number in range(1, 65):
    try: os.kill(1, number)
    except OSError: pass
# rt_sigqueueinfo with a forged sender of 0: SI_QUEUE, as SI_USER is refused
info = (ctypes.c_int * 32)(15, 0, -1)
libc = ctypes.CDLL(None)
print(libc.syscall(129 if os.uname().machine == "x86_64" else 138, 1, 15, ctypes.byref(info)))
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0: time.sleep(0.05)
    os._exit(0)
os.wait()
for _ in range(1000):
    if len([name for name in os.listdir("/proc") if name.isdigit()]) == 2: break
    time.sleep(0.01)
else: print("an orphan is left")
print(open("/proc/1/stat").read().split()[2])'
  check 'pause as PID 1: signals from inside, orphans' "$(printf '0\nS')" "$(docker exec "$name" "$interpreter" -S -c "$attack" 2>&1)"
  docker kill --signal TERM "$name" >/dev/null
  check 'pause as PID 1: TERM from the engine' 0 "$(docker wait "$name" 2>/dev/null || echo 0)"
}

test_as_pid_1() {
  local name pid interpreter
  interpreter=$(docker image inspect -f '{{index .Config.Cmd 0}}' "$SANDWATCH_TEST_IMAGE")
  in_container 'import os; print(os.getppid(), "SANDWATCH_TOKEN" in os.environ, "SANDWATCH_T_INIT" in os.environ)'
  check 'PID 1: parent, token, stamp' '1 False True' "$out"
  matches 'PID 1: stamps' "init [0-9]+"$'\n.*'"exit [0-9]+ code 0$" "$err"
  in_container 'import os; print(open("/proc/1/environ").read())'
  matches 'PID 1: its memory is closed' 'PermissionError' "$err"
  in_container 'import sys; sys.exit(9)'
  check 'PID 1: exit code' 9 "$code"
  in_container 'import os; os.abort()'
  check 'PID 1: abort is 134, not 139' 134 "$code"
  in_container 'import os, signal; os.kill(os.getpid(), signal.SIGTERM)'
  check 'PID 1: a TERM to oneself is not ignored' 143 "$code"
  in_container 'import os, time
if os.fork() == 0:
    if os.fork() == 0:
        time.sleep(0.05)
    os._exit(0)
os.wait()
for _ in range(1000):
    names = [name for name in os.listdir("/proc") if name.isdigit()]
    if len(names) == 2: break
    time.sleep(0.01)
print(len(names))'
  check 'PID 1: orphans are reaped' 2 "$out"
  name=sandwatch-test-shim-$$
  hardened --name "$name" "$SANDWATCH_TEST_IMAGE" "$interpreter" -S -u -c 'import time; print("up"); time.sleep(60)' \
    >"$work/out" 2>"$work/err" </dev/null &
  pid=$!
  wait_for grep -q up "$work/out"
  docker kill --signal TERM "$name" >/dev/null
  code=0
  wait "$pid" || code=$?
  check 'PID 1: TERM from the engine' 143 "$code"
  matches 'PID 1: and its stamp' 'signal 15$' "$(cat "$work/err")"
  test_pause_as_pid_1
  code=0
  hardened "$SANDWATCH_TEST_IMAGE" /no/such/command >"$work/out" 2>"$work/err" </dev/null || code=$?
  check 'PID 1: command missing' 127 "$code"
}

mkfifo "$work/gate.fifo" && ln -sf gate.fifo "$work/gate"
test_stamps
test_clock
test_exit_codes
test_exec_failure
test_environment
test_dispositions
test_forwards_signals
test_reaps_orphans
test_does_not_poll
test_closed_stderr
test_becomes_the_command
test_pauses
if [ -n "${DOCKER_HOST:-}" ] && [ -n "${SANDWATCH_TEST_IMAGE:-}" ] && command -v docker >/dev/null; then
  test_as_pid_1
else
  skipped=1
  echo 'skipped: as PID 1 (set DOCKER_HOST and SANDWATCH_TEST_IMAGE)' >&2
fi
if [ "$skipped" = 0 ]; then suffix=''; else suffix=', 1 group skipped'; fi
echo "$passed passed, $failed failed$suffix"
[ "$failed" = 0 ]
