#!/usr/bin/env bash
# A private engine is root's to start and to stop. Root does so by itself; for anybody else sudo is
# asked here, so that the program itself runs as who called it.
#
#   config/engine.sh PROGRAM up|down
set -u

program=$1
state=${XDG_STATE_HOME:-${HOME:-}/.local/state}

is_root() { [ "$(id -u)" = 0 ]; }

# Found, named by the environment or by what `make run` is about to pass on.
has_engine() {
  [ -n "${DOCKER_HOST:-}" ] || [[ " ${ARGS:-}" == *' --host'* ]] || "$program" engine --quiet 2>/dev/null
}

with_sudo() { sudo -- env "XDG_STATE_HOME=$state" "$program" "$@"; }

case ${2:-} in
  up)
    if ! is_root && command -v sudo >/dev/null && ! has_engine; then
      printf '  engine     none answers to %s: sudo starts a private one\n' "$(id -un)" >&2
      # Should that fail, the program says what would help, or falls back.
      with_sudo engine --quiet || true
    fi
    ;;
  down)
    if is_root || [ ! -d "$state/sandwatch/engine" ]; then
      "$program" clean --engine
    else
      with_sudo clean --engine
    fi
    ;;
  *)
    echo 'usage: config/engine.sh PROGRAM up|down' >&2
    exit 2
    ;;
esac
