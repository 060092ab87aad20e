#!/usr/bin/env bash
# Installs what `make run`, `make test`, `make bench` or `make fuzz` needs and this machine lacks. Asks the package
# manager only when something is missing; elsewhere than apt it names the packages and stops.
#
#   config/packages.sh run|test|bench|fuzz
set -u -o pipefail
export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# check, its argument, then the packages: apt, dnf, pacman, brew. a|b: the first that the distribution
# has. -: nothing to install there.
needs_run='
  program  cc          gcc                  gcc              base-devel     -
  libc_a   -           libc6-dev            glibc-static     glibc          -
  program  pkg-config  pkg-config           pkgconf-pkg-config pkgconf      pkgconf
  library  libcurl     libcurl4-openssl-dev libcurl-devel    curl           curl
  library  libcjson    libcjson-dev         cjson-devel      cjson          cjson
  library  yaml-0.1    libyaml-dev          libyaml-devel    libyaml        libyaml
  library  ncursesw    libncurses-dev       ncurses-devel    ncurses        ncurses
  engine   -           docker.io            moby-engine      docker         docker
  runtime  crun        crun                 crun             crun           -'
needs_test="$needs_run
  program  dockerd     docker.io            moby-engine      docker         docker
  program  docker      docker-cli|docker.io moby-engine      docker         docker
  program  runc        runc                 runc             runc           -
  library  cmocka      libcmocka-dev        libcmocka-devel  cmocka         cmocka
  program  clang       clang                clang            clang          llvm
  fuzzer   libFuzzer   libclang-rt-dev      compiler-rt      compiler-rt    -
  program  valgrind    valgrind             valgrind         valgrind       valgrind
  folder   /usr/share/doc/libc6-dbg libc6-dbg -              -              -
  folder   /usr/share/i18n/locales locales  -                -              -
  program  python3     python3              python3          python         python
  module   jsonschema  python3-jsonschema   python3-jsonschema python-jsonschema -
  program  git         git                  git              git            git
  program  tmux        tmux                 tmux             tmux           tmux
  program  ps          procps               procps-ng        procps-ng      -
  program  shellcheck  shellcheck           ShellCheck       shellcheck     shellcheck
  program  clang-format clang-format        clang-tools-extra clang         clang-format"
needs_fuzz="$needs_run
  program  clang       clang                clang            clang          llvm
  fuzzer   libFuzzer   libclang-rt-dev      compiler-rt      compiler-rt    -"
needs_bench="$needs_run
  program  dockerd     docker.io            moby-engine      docker         docker
  program  docker      docker-cli|docker.io moby-engine      docker         docker
  program  runc        runc                 runc             runc           -
  program  crun        crun                 crun             crun           -
  program  bwrap       bubblewrap           bubblewrap       bubblewrap     -
  program  python3     python3              python3          python         python
  module   docker      python3-docker       python3-docker   python-docker  -"

log='' policy=''

say() { printf '%s' "$*" >&2; }

has() { command -v "$1" >/dev/null; }

# An engine is named by the environment or by what `make run` is about to pass on, or listens.
has_socket() {
  local socket
  [ -z "${DOCKER_HOST:-}" ] || return 0
  [[ " ${ARGS:-}" != *' --host'* ]] || return 0
  for socket in /run/docker.sock /var/run/docker.sock /run/podman/podman.sock \
    "${XDG_RUNTIME_DIR:-/nonexistent}"/{docker.sock,podman/podman.sock} \
    "${HOME:-/nonexistent}"/.docker/{run,desktop}/docker.sock; do
    [ ! -S "$socket" ] || return 0
  done
  return 1
}

# clang without its runtime compiles what it then cannot link.
has_fuzzer() {
  local folder
  folder=$(clang -print-runtime-dir 2>/dev/null) || return 1
  compgen -G "${folder%/*}/*/libclang_rt.fuzzer*" >/dev/null
}

has_engine() { has_socket || has dockerd; }

is_there() {
  case $1 in
    program) has "$2" ;;
    library) pkg-config --exists "$2" 2>/dev/null ;;
    # The shim is static; gcc answers with the bare name when it has no such file.
    libc_a) [[ $(cc -print-file-name=libc.a 2>/dev/null) == */* ]] ;;
    fuzzer) has_fuzzer ;;
    folder) [ -d "$2" ] || ! has apt-get ;;
    module) /usr/bin/python3 -I -c "import importlib.util as u; exit(u.find_spec('$2') is None)" 2>/dev/null ;;
    engine) has_engine ;;
    # The private engine's runtime: not needed where another engine is there.
    runtime) has "$2" || has_socket ;;
  esac
}

# Prints the missing needs' lines.
missing() {
  local kind argument rest
  while read -r kind argument rest; do
    [ -z "$kind" ] || is_there "$kind" "$argument" || printf '%s %s %s\n' "$kind" "$argument" "$rest"
  done
}

# column NUMBER: of the needs on stdin, as one line without doubles
column() { awk -v column="$1" '$column != "-" && !seen[$column]++ { printf "%s%s", between, $column; between = " " }'; }

elsewhere() {
  local lacking=$1 manager
  for manager in dnf pacman brew; do ! has "$manager" || break; done
  say "  packages   missing. sandwatch needs, and does not install here:"$'\n'
  ! has dnf || say "    dnf install $(column 4 <<<"$lacking")"$'\n'
  ! has pacman || say "    pacman -S $(column 5 <<<"$lacking")"$'\n'
  ! has brew || say "    brew install $(column 6 <<<"$lacking")"$'\n'
  has "$manager" || say "    $(column 2 <<<"$lacking"), as Debian calls it: $(column 3 <<<"$lacking")"$'\n'
  exit 2
}

as_root() {
  local settings=(DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1)
  if [ "$(id -u)" = 0 ]; then env "${settings[@]}" "$@"; else sudo -- env "${settings[@]}" "$@"; fi
}

# Docker's package starts a system service, which nobody asked for: sandwatch has its own engine. Should
# this process die, the file denies nothing any more.
deny_services() {
  [ ! -e /usr/sbin/policy-rc.d ] || return 0
  policy=/usr/sbin/policy-rc.d
  printf '%s\n' '#!/bin/sh' '# Made by packages.sh of sandwatch for as long as it runs.' \
    "grep -qs packages.sh /proc/$$/cmdline && exit 101" 'exit 0' | as_root tee "$policy" >/dev/null &&
    as_root chmod 755 "$policy"
}

clean_up() {
  [ -z "$policy" ] || as_root rm -f "$policy"
  [ -z "$log" ] || rm -f "$log"
}

# Of a|b the first that apt knows.
choose() {
  local entry name chosen
  for entry in "$@"; do
    chosen=${entry##*|}
    for name in ${entry//|/ }; do
      if apt-cache policy "$name" 2>/dev/null | grep -q 'Candidate: [^(]'; then
        chosen=$name
        break
      fi
    done
    printf '%s\n' "$chosen"
  done | sort -u
}

update() { as_root apt-get update -q; }

install_with_apt() {
  local wanted
  compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null || update || return
  mapfile -t wanted < <(choose "$@")
  as_root apt-get install -q -y --no-install-recommends "${wanted[@]}" && return
  # Old lists name files that are gone.
  update && mapfile -t wanted < <(choose "$@") &&
    as_root apt-get install -q -y --no-install-recommends "${wanted[@]}"
}

install() {
  local lacking=$1 wanted shown begin tenths
  read -ra wanted <<<"$(column 3 <<<"$lacking")"
  shown=$(printf '%s\n' "${wanted[@]##*|}" | sort -u | paste -s -d ' ')
  if [ "$(id -u)" != 0 ] && ! has sudo; then
    say "  packages   missing, and only root can install them: apt-get install $shown"$'\n'
    exit 2
  fi
  trap clean_up EXIT
  trap 'exit 130' INT TERM HUP
  log=$(mktemp)
  begin=$(date +%s%N)
  say "  packages   installing $shown …"
  [[ " ${wanted[*]}" != *docker* ]] || deny_services
  if ! install_with_apt "${wanted[@]}" >"$log" 2>&1 </dev/null; then
    say $' failed\n'
    tail -n 25 "$log" | sed 's/^/    /' >&2
    exit 1
  fi
  tenths=$((($(date +%s%N) - begin) / 100000000))
  say " $((tenths / 10)).$((tenths % 10)) s"$'\n'
}

main() {
  local lacking needs
  case ${1:-} in
    run) needs=$needs_run ;;
    test) needs=$needs_test ;;
    bench) needs=$needs_bench ;;
    fuzz) needs=$needs_fuzz ;;
    *)
      echo 'usage: config/packages.sh run|test|bench|fuzz' >&2
      exit 2
      ;;
  esac
  lacking=$(missing <<<"$needs")
  # Without root there is no private engine either; the program says what else would help.
  [ "$(id -u)" = 0 ] || has sudo || lacking=$(grep -v '^engine ' <<<"$lacking")
  if [ -z "$lacking" ]; then
    say $'  packages   all there\n'
  elif has apt-get; then
    install "$lacking"
    lacking=$(missing <<<"$needs")
    [ -z "$lacking" ] || {
      say "  packages   still missing: $(column 2 <<<"$lacking")"$'\n'
      exit 1
    }
  else
    elsewhere "$lacking"
  fi
}

main "$@"
