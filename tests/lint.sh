#!/usr/bin/env bash
# What compilers don't see: sizes, layers, who may print, scripts, formatting. Each check is one test;
# it prints what it found. Checks whose tool or archive is missing are skipped.
#
#   tests/lint.sh [WORD]   only those with this word in their name
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2
export LC_ALL=C.UTF-8

file_lines_max=800
function_lines_max=100
makefile_lines_max=300
columns_max=110
reformatted_percent_max=40
build=build/release
only=${1:-}
passed=0 failed=0 skipped=0

# Also what is not committed yet.
files() {
  if git rev-parse --git-dir >/dev/null 2>&1; then
    git ls-files --cached --others --exclude-standard -- "$@" | sort -u | while read -r file; do
      [ ! -f "$file" ] || printf '%s\n' "$file"
    done
  else
    find . -path ./build -prune -o -type f -printf '%P\n' | grep -E "$(printf '%s\n' "$@" |
      sed 's/[.]/\\&/g; s/[*]/.*/g; s/.*/^&$/' | paste -s -d '|')"
  fi
}

# check NAME COMMAND...: passes when the command says nothing
check() {
  local name=$1 found
  [[ $name == *"$only"* ]] || return 0
  shift
  found=$("$@" 2>&1)
  if [ -z "$found" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAIL %s\n' "$name"
    printf '  %s\n' "${found//$'\n'/$'\n'  }"
  fi
}

skip() {
  [[ $1 == *"$only"* ]] || return 0
  skipped=$((skipped + 1))
  printf 'skipped: %s: %s\n' "$1" "$2"
}

# ---- sizes ----

# The worker is one file by design: it is copied into any image.
long_files() {
  local file lines
  files '*.c' '*.h' '*.py' '*.sh' | grep -vx 'docker/worker/worker\.py' | while read -r file; do
    lines=$(wc -l <"$file")
    [ "$lines" -le "$file_lines_max" ] || echo "$file: $lines lines, $file_lines_max at most"
  done
}

# In this style a function's braces, and only they, stand alone in column 1.
long_functions() {
  # shellcheck disable=SC2016 # awk's
  files '*.c' '*.h' | xargs -r -d '\n' awk -v max="$function_lines_max" '
    FNR == 1 { open = 0; name = "" }
    !open && /^[a-zA-Z_].*\(/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
    /^\{/ { open = FNR }
    /^\}/ && open { if (FNR - open + 1 > max) print FILENAME ":" open ": " name " has " FNR - open + 1 " lines, " max " at most"; open = 0 }'
}

long_makefile() {
  local lines
  lines=$(wc -l <Makefile)
  [ "$lines" -lt "$makefile_lines_max" ] || echo "Makefile: $lines lines, less than $makefile_lines_max"
}

# ---- layers ----

# includes FOLDER... -- FORBIDDEN...: as written between the quotes or brackets
includes() {
  local folders=() pattern list
  while [ "$1" != -- ]; do
    folders+=("$1/*.c" "$1/*.h")
    shift
  done
  shift
  pattern=$(printf '%s\n' "$@" | paste -s -d '|')
  mapfile -t list < <(files "${folders[@]}")
  [ ${#list[@]} = 0 ] || grep -HnE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($pattern)" "${list[@]}"
}

curses_elsewhere() {
  files '*.c' '*.h' | grep -vx 'tui/term\.c' |
    xargs -r -d '\n' grep -HnE '#[[:space:]]*include[[:space:]]*[<"](n?cursesw?|term)[./]'
}

# calls PATTERN FILE...: outside of comments and strings
calls() {
  local pattern=$1
  shift
  # shellcheck disable=SC2016 # awk's
  awk -v pattern="(^|[^A-Za-z0-9_.>])($pattern)" '
    FNR == 1 { comment = 0 }
    {
      text = $0
      gsub(/\\./, "", text)
      gsub(/"[^"]*"/, "", text)
      if (comment) { if (!sub(/^.*\*\//, "", text)) next; comment = 0 }
      while (match(text, /\/\*/)) {
        rest = substr(text, RSTART + 2)
        text = substr(text, 1, RSTART - 1)
        if (!match(rest, /\*\//)) { comment = 1; break }
        text = text substr(rest, RSTART + 2)
      }
      sub(/\/\/.*/, "", text)
      if (text ~ pattern) { sub(/^[ \t]+/, "", text); print FILENAME ":" FNR ": " text }
    }' "$@"
}

prints_below_main() {
  local list
  mapfile -t list < <(files 'core/*.c' 'core/*.h' 'docker/*.c' 'docker/*.h' 'widgets/*.c' 'widgets/*.h' |
    grep -vE '^docker/(image|shim)/')
  [ ${#list[@]} = 0 ] || calls '(printf|vprintf|puts|putchar|perror|exit|quick_exit|abort|warnx?|errx?|syslog)[ ]*\(|(stdout|stderr)([^A-Za-z0-9_]|$)' "${list[@]}"
  mapfile -t list < <(files 'tui/*.c' 'tui/*.h' | grep -vE '/cmd_[^/]*\.c$')
  [ ${#list[@]} = 0 ] || calls '(printf|vprintf|puts|putchar|perror|exit|quick_exit|abort)[ ]*\(' "${list[@]}"
}

# A wall clock may be set at any moment: no figure and no deadline may come from it. Only these read it: to name
# and age folders, to show the time of day, and to ask an engine for its events, which go by it (the answer is
# not believed when the clock was set meanwhile). The image's own worker and shim are C and Python of their own.
reads_wall_clock() {
  local list
  mapfile -t list < <(files 'core/*.c' 'core/*.h' 'docker/*.c' 'docker/*.h' 'widgets/*.c' 'widgets/*.h' 'tui/*.c' 'tui/*.h' 'main.c' |
    grep -vxE 'docker/api_exec\.c|tui/paths\.c|tui/screen_observe\.c')
  [ ${#list[@]} = 0 ] || calls '(CLOCK_REALTIME|CLOCK_TAI|TIME_UTC)|(time|gettimeofday|timespec_get|alarm|setitimer)[ ]*\(' "${list[@]}"
  files 'docker/worker/*.py' | xargs -r -d '\n' grep -nE 'time\.(time|time_ns|gmtime|localtime|ctime)\(' /dev/null
}

# Linked whole, against nothing but what the layer may use: a symbol of another layer stays undefined.
links_alone() {
  local archive=$1 below=$2 log
  shift 2
  log=$(mktemp)
  # shellcheck disable=SC2086 # lists of arguments
  echo 'int main(void) { return 0; }' | cc -x c - -o /dev/null -x none -pthread \
    -Wl,--whole-archive "$build/$archive" -Wl,--no-whole-archive $below "$@" >"$log" 2>&1 ||
    grep -oE "undefined reference to .*|cannot find .*" "$log" | sort -u | grep . || cat "$log"
  rm -f "$log"
}

test_links() {
  local core_libraries docker_libraries
  read -ra core_libraries <<<"$(pkg-config --libs libcjson yaml-0.1) -lm"
  read -ra docker_libraries <<<"$(pkg-config --libs libcurl)"
  if [ -e "$build/libcore.a" ]; then
    check 'core links with cJSON, libyaml and libc alone' links_alone libcore.a '' "${core_libraries[@]}"
  else
    skip 'core links alone' "$build/libcore.a is not built"
  fi
  if [ -e "$build/libdocker.a" ]; then
    check 'docker links with core and libcurl alone' links_alone libdocker.a "$build/libcore.a" \
      "${docker_libraries[@]}" "${core_libraries[@]}"
  else
    skip 'docker links alone' "$build/libdocker.a is not built"
  fi
  if [ -e "$build/libwidgets.a" ]; then
    check 'widgets link with libc and libm alone' links_alone libwidgets.a '' -lm
  else
    skip 'widgets link alone' "$build/libwidgets.a is not built"
  fi
}

# ---- what only looks ----

# What docker/ defines and FILES' objects take from elsewhere in docker/, but for ALLOWED.
taken_from_docker() {
  local allowed=$1 objects
  shift
  objects=$(printf "$build/%s\n" "${@/%.c/.o}")
  # shellcheck disable=SC2086 # a list of objects
  comm -23 <(comm -12 <(nm -u -f posix $objects | awk '/^[a-z_]/ { print $1 }' | sort -u) \
    <(nm -g --defined-only -f posix "$build/libdocker.a" | awk '{ print $1 }' | sort -u)) \
    <(nm -g --defined-only -f posix $objects | awk '{ print $1 }' | sort -u) |
    grep -vxE "$allowed" | sed "s/^/taken from elsewhere in docker\/: /"
}

# Whoever watches containers has docker/reader.c, which has no method but GET.
reads_only() {
  local watchers
  mapfile -t watchers < <(grep -lE '"docker/(reader|filter|container_event|events|observe(_internal)?|monitor)\.h"' docker/*.c |
    grep -vx docker/reader.c)
  taken_from_docker 'sw_reader_(new|free|get|cancel|forget_version)|sw_api_(json(_text|_int|_bool)?|path_value)' "${watchers[@]}"
  taken_from_docker 'sw_http_(new|free|cancel|loop)|sw_api_(new|free|ping|path|call_new|call_send)' docker/reader.c
  grep -HnE '"[A-Z]{3,}"|method' docker/reader.c | grep -v '\.method = "GET",'
}

test_reads_only() {
  if [ -e "$build/libdocker.a" ] && [ -e "$build/docker/reader.o" ]; then
    check 'what watches containers only reads' reads_only
  else
    skip 'what watches containers only reads' "$build/libdocker.a is not built"
  fi
}

# ---- text ----

# Tabs are 4 wide; characters are counted, not bytes. 100 is the aim; a little more does no harm.
whitespace() {
  # shellcheck disable=SC2016 # awk's
  files '*.c' '*.h' | LC_ALL=C xargs -r -d '\n' awk -v max="$columns_max" '
    FNR == 1 && NR > 1 && blank { print last ": ends with an empty line" }
    { last = FILENAME; blank = $0 == ""; text = $0; gsub(/\t/, "    ", text); gsub(/[\200-\277]/, "", text) }
    length(text) > max { print FILENAME ":" FNR ": " length(text) " columns, " max " at most" }
    /[ \t\r]$/ { print FILENAME ":" FNR ": ends with white space" }
    END { if (blank) print last ": ends with an empty line" }'
}

# Tables that read better by hand are left alone, so a file may differ, but not as a whole.
reformatted() {
  # shellcheck disable=SC2016 # for the inner shell
  files '*.c' '*.h' | xargs -r -d '\n' -n 8 -P "$(nproc)" bash -c '
    for file in "${@:2}"; do
      lines=$(wc -l <"$file")
      changed=$(clang-format "$file" | diff "$file" - | grep -c "^<")
      [ $((changed * 100)) -le $((lines * $1)) ] || echo "$file: clang-format would change $changed of $lines lines"
    done' reformatted "$reformatted_percent_max"
}

shell_scripts() {
  files '*.sh' '.ci/run' | xargs -r -d '\n' shellcheck -f gcc
}

python_files() {
  local file
  files '*.py' | grep -v '^tests/worker/strategies/' | while read -r file; do
    python3 -c 'import ast, sys; ast.parse(open(sys.argv[1], encoding="utf-8").read(), sys.argv[1])' "$file" 2>&1 | tail -n 1
  done
}

not_executable() {
  local file
  files '*.sh' '*.py' '.ci/run' | while read -r file; do
    if [ "$(head -c 2 "$file" | tr -d '\0')" = '#!' ] && [ ! -x "$file" ]; then echo "$file: not executable"; fi
  done
}

main() {
  check 'files are short' long_files
  check 'functions are short' long_functions
  check 'the Makefile is short' long_makefile
  check 'core knows no other layer' includes core -- docker/ widgets/ tui/ curl n?curses
  check 'docker knows core only' includes docker docker/shim -- tui/ widgets/ n?curses
  check 'widgets know no other layer' includes widgets -- core/ docker/ tui/ curl n?curses 'term\.h'
  check 'curses only in tui/term.c' curses_elsewhere
  check 'nothing below main prints or exits' prints_below_main
  check 'no figure and no deadline comes from the wall clock' reads_wall_clock
  test_links
  test_reads_only
  check 'white space and columns' whitespace
  check 'scripts are executable' not_executable
  check 'Python parses' python_files
  if command -v shellcheck >/dev/null; then check shellcheck shell_scripts; else skip shellcheck 'not installed'; fi
  if command -v clang-format >/dev/null; then check 'house style' reformatted; else skip 'house style' 'there is no clang-format'; fi
  printf '%d passed, %d failed%s\n' "$passed" "$failed" "$([ "$skipped" = 0 ] || echo ", $skipped skipped")"
  [ "$failed" = 0 ] && [ $((passed + skipped)) -gt 0 ]
}

main
