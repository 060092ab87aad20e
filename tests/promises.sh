#!/usr/bin/env bash
# tests/promises.py with an engine for the tests that need one. From the root of the tree, with sandwatch built.
#
#   tests/promises.sh PROGRAM [WORD]
#
#   SANDWATCH_TEST_HOST, SANDWATCH_TEST_STATE  the engine and its state folder; else the one that PROGRAM finds
set -eu -o pipefail

program=$1
word=${2:-}
if [ -n "${SANDWATCH_TEST_HOST:-}" ]; then
  export DOCKER_HOST=$SANDWATCH_TEST_HOST
else
  config/engine.sh "$program" up
fi
"$program" image build --quiet
found=$("$program" engine 2>/dev/null)
export SANDWATCH_TEST_HOST=${found%% *}
export SANDWATCH_TEST_STATE=${SANDWATCH_TEST_STATE:-${XDG_STATE_HOME:-${HOME:?}/.local/state}/sandwatch}
unset DOCKER_HOST
exec tests/promises.py ${word:+--only "$word"}
