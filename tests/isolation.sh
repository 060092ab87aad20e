#!/usr/bin/env bash
# Attacks every kind of mode on a real engine, and writes what was seen: core/isolation_table.inc and
# docs/isolation.md. From the root of the tree, with sandwatch and the test built.
#
#   tests/isolation.sh PROGRAM TEST
#
#   SANDWATCH_TEST_HOST   the engine; else the one that PROGRAM finds or starts
#   SANDWATCH_TEST_STATE  the state folder
set -eu -o pipefail

program=$1
test=$2
state=${SANDWATCH_TEST_STATE:-${XDG_STATE_HOME:-${HOME:?}/.local/state}/sandwatch}

if [ -n "${SANDWATCH_TEST_HOST:-}" ]; then
  export DOCKER_HOST=$SANDWATCH_TEST_HOST
else
  config/engine.sh "$program" up
fi
"$program" image build --quiet
found=$("$program" engine 2>/dev/null)
export SANDWATCH_TEST_HOST=${found%% *} SANDWATCH_TEST_STATE=$state
SW_ISOLATION=update "$test"
echo 'docs/isolation.md and core/isolation_table.inc are written; the golden files that show them'
echo 'are brought up to date by SW_GOLDEN=update and the unit tests.'
