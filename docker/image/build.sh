#!/usr/bin/env bash
# Makes the sandbox image out of Debian packages: no registry, no engine, no root.
#
#   build.sh --shim FILE --worker FILE --zygote FILE --out DIR [--cache DIR]
#   build.sh --shim FILE --worker FILE --zygote FILE --hash
#
# DIR receives rootfs/, image.tar (the rootfs, byte for byte reproducible), packages.txt
# (name=version architecture) and, last of all, image.changes (for the engine's import).
set -euo pipefail
export LC_ALL=C
umask 022

# A|B: the first the distribution has. A|-: may be missing. @: the distribution's Python, as in 3.11.
# #: its compiler, as in gcc-12: that package holds the copyright files of the compiler's libraries.
packages_wanted='
  python3-minimal python@-minimal libpython@-minimal libpython@-stdlib
  python3-numpy python3-pandas python3-pandas-lib python3-dateutil python3-six python3-tz|- python3-pytz|- tzdata
  tzdata-legacy|- python3-tzdata|-
  libblas3 liblapack3 libgfortran5 libquadmath0|- libstdc++6 libgcc-s1 libc6
  libbz2-1.0 libcrypt1 libexpat1 libffi8|libffi7 liblzma5 libmpdec4|libmpdec3|libmpdec2|-
  libncursesw6 libsqlite3-0 libssl3t64|libssl3|libssl1.1 libtinfo6 libuuid1 libzstd1|- zlib1g #-base'

# Not used by a strategy. Copyright files stay, and so do the few files in tests/ that libraries import.
trimmed=(
  './usr/share/man' './usr/share/locale' './usr/share/lintian' './usr/share/bug' './usr/share/info'
  './usr/share/doc-base' './usr/share/applications' './usr/share/pixmaps'
  './usr/share/zoneinfo/right' './usr/share/zoneinfo/posix'
  './usr/lib/*/gconv' './usr/lib/*/audit' './lib/*/gconv' './lib/*/audit'
  './usr/lib/python3*/pandas/tests' './usr/lib/python3*/tests/test_*' './usr/lib/python3*/tests/data' './usr/lib/python3*/test' './usr/lib/python3*/ensurepip'
  './usr/lib/python3*/lib2to3' './usr/lib/python3*/pydoc_data' './usr/lib/python3*/idlelib'
)

with_a_registry='docker build -f docker/image/Dockerfile -t sandwatch/python:latest docker'

shim='' worker='' zygote='' out='' cache='' only_hash=''
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
stage='' python='' triplet='' loader=''
apt_options=() environment=() packages=() missing=''

say() { printf '%s\n' "$*" >&2; }

die() {
  say "build.sh: $*"
  exit 1
}

usage() {
  say 'usage: build.sh --shim FILE --worker FILE --zygote FILE (--out DIR [--cache DIR] | --hash)'
  exit 2
}

# timed "what" command...: the command, then one line that says how long it took
timed() {
  local what=$1 begin end
  shift
  begin=$(date +%s%N)
  "$@"
  end=$(((($(date +%s%N) - begin) + 50000000) / 100000000))
  say "$what … $((end / 10)).$((end % 10)) s"
}

parse_arguments() {
  while [ $# -gt 0 ]; do
    case $1 in
      --hash) only_hash=1 && shift && continue ;;
      --shim | --worker | --zygote | --out | --cache) [ $# -ge 2 ] || usage ;;
      *) usage ;;
    esac
    printf -v "${1#--}" %s "$2"
    shift 2
  done
  if [ -z "$shim" ] || [ -z "$worker" ] || [ -z "$zygote" ]; then usage; fi
  [ -n "$only_hash" ] || [ -n "$out" ] || usage
  [ -r "$shim" ] || die "cannot read the shim '$shim': build it first (cc -static -Os docker/shim/shim.c)"
  [ -r "$worker" ] || die "cannot read the worker '$worker'"
  [ -r "$zygote" ] || die "cannot read the zygote '$zygote'"
}

recipe_hash() {
  local release
  # shellcheck disable=SC1091 # the distribution's own file
  release=$(. /etc/os-release 2>/dev/null && printf '%s %s' "${ID-}" "${VERSION_ID-${VERSION_CODENAME-}}") || true
  {
    cat -- "${BASH_SOURCE[0]}" "$here/layout.sh" "$shim" "$worker" "$zygote"
    printf '\n%s %s\n' "$(uname -m)" "$release"
  } | sha256sum | cut -d' ' -f1
}

need_tools() {
  local tool missing=''
  for tool in apt-get apt-cache dpkg-deb dpkg tar sha256sum; do
    command -v "$tool" >/dev/null || missing="$missing $tool"
  done
  [ -z "$missing" ] || die "needs$missing, which Debian and Ubuntu have; elsewhere: $with_a_registry"
}

# An index of our own, as containers often turn apt's off: without one every call reads all lists again.
apt() {
  local verb=$1
  shift
  "apt-$verb" "${apt_options[@]}" "$@"
}

# Root refreshes the system's lists. Anyone else gets lists of their own, below the cache directory.
update_lists() {
  if [ "$(id -u)" != 0 ]; then
    mkdir -p "$cache/apt/lists/partial" "$cache/apt/archives/partial"
    apt_options+=(-o "Dir::State::lists=$cache/apt/lists" -o "Dir::Cache=$cache/apt" -o 'Debug::NoLocking=1')
  fi
  apt get update -qq >&2 || die 'apt-get update failed: is the network there?'
}

# Sets python, and packages to name=version of what is wanted and there; missing says what is not.
# Virtual packages have no candidate.
choose_packages() {
  local compiler available entry name chosen wanted
  packages=() missing=''
  python=$(depends_on python3-minimal 'python\(3\.[0-9]*\)-minimal')
  compiler=$(depends_on libgcc-s1 '\(gcc-[0-9]*\)-base')
  wanted=${packages_wanted//@/${python:-3}}
  wanted=${wanted//#-base/${compiler:-gcc}-base|-}
  # shellcheck disable=SC2046 # a list of names
  available=$(apt cache policy $(printf %s "$wanted" | tr '|' '\n' | grep -vx -e '-') |
    awk '/^[^ ]/ { name = $1; sub(/:$/, "", name) } /Candidate:/ && $2 != "(none)" { print name "=" $2 }')
  for entry in $wanted; do
    chosen=''
    for name in ${entry//|/ }; do
      chosen=$(grep -m 1 -e "^$name=" <<<"$available") || [ "$name" = - ] || continue
      break
    done
    if [ -n "$chosen" ]; then
      packages+=("$chosen")
    elif [[ $entry != *'|-' ]]; then
      missing="$missing $entry"
    fi
  done
  [ -z "$missing" ]
}

depends_on() {
  apt cache depends "$1" 2>/dev/null | sed -n "s/.*Depends: $2\$/\1/p" | head -n 1
}

download() {
  (cd "$cache" && apt get download -qq "$@" >/dev/null)
}

# Fills $stage/debs with the paths of the packages' files; apt has compared their checksums, old or new.
fetch_packages() {
  local package file version
  download "$@" || { update_lists && download "$@"; } ||
    die "cannot download the packages: $(df -h "$cache" | tail -n 1)"
  for package in "$@"; do
    version=${package#*=}
    file=$(printf '%s\n' "$cache/${package%%=*}_${version//:/%3a}"_*.deb | head -n 1)
    [ -s "$file" ] || die "apt-get did not leave $package in $cache"
    printf '%s\n' "$file"
  done >"$stage/debs"
}

unpack_packages() {
  local excludes=() pattern directory
  for pattern in "${trimmed[@]}"; do excludes+=("--exclude=$pattern"); done
  mkdir -p "$stage/rootfs/usr"
  for directory in bin sbin lib lib64; do
    mkdir -p "$stage/rootfs/usr/$directory"
    ln -s "usr/$directory" "$stage/rootfs/$directory"
  done
  export stage
  # shellcheck disable=SC2016 # expanded by the inner shell
  xargs -d '\n' -P "$(nproc)" -I '{}' bash -o pipefail -c '
    dpkg-deb --fsys-tarfile "$1" |
      tar -x -p --no-same-owner --keep-directory-symlink -C "$stage/rootfs" "${@:2}"
  ' unpack '{}' "${excludes[@]}" <"$stage/debs"
  find "$stage/rootfs/usr/share/doc" -type f ! -name copyright -delete
  find "$stage/rootfs/usr/share/doc" -type d -empty -delete
  rm -f "$stage/rootfs/usr/share/zoneinfo/localtime"
}

# What the packages' own scripts would have done, and the files a container expects.
finish_rootfs() {
  local root=$stage/rootfs library link target
  triplet=$(basename "$(dirname "$(find "$root"/usr/lib/*/ -maxdepth 1 -name 'libc.so.6' | head -n 1)")")
  for library in blas lapack; do
    ln -sf "$library/lib$library.so.3" "$root/usr/lib/$triplet/lib$library.so.3"
  done
  # An absolute link would leave the rootfs when the worker runs on the host.
  find "$root" -type l -lname '/*' | while read -r link; do
    target=$(readlink "$link")
    ln -sfn "$(realpath -ms --relative-to="$(dirname "$link")" "$root$target")" "$link"
  done
  loader=$(cd "$root" && find "usr/lib/$triplet" -maxdepth 1 -name 'ld-linux*.so.*' | head -n 1)
  [ -n "$loader" ] || die "libc6 brought no loader for $triplet"
  mkdir -p "$root"/{dev,etc,proc,root,run,sandwatch,sys,tmp,var/tmp}
  chmod 1777 "$root/tmp" "$root/var/tmp"
  printf '%s\n' 'root:x:0:0:root:/root:/usr/sbin/nologin' 'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin' >"$root/etc/passwd"
  printf '%s\n' 'root:x:0:' 'nogroup:x:65534:' >"$root/etc/group"
  install -m 755 "$shim" "$root/sandwatch/shim"
  install -m 644 "$worker" "$root/sandwatch/worker.py"
  install -m 644 "$zygote" "$root/sandwatch/zygote.py"
  sh "$here/layout.sh" "$root" "/usr/bin/python$python" /usr/lib/python3/dist-packages "/$loader" "/usr/lib/$triplet"
  mapfile -t environment <"$root/sandwatch/host.env"
}

host_argument() { sed "s|@ROOT@|$stage/rootfs|" "$stage/rootfs/sandwatch/host.argv"; }

# The new interpreter, started as the host will start it. Sets argv.
prepare_host_python() {
  mapfile -t argv < <(host_argument | sed '/^-s$/,$d')
  argv=(env -i "${environment[@]}" PYTHONDONTWRITEBYTECODE=1 "${argv[@]}" -s)
}

# unchecked-hash: the interpreter never looks at the source again, and no time stamp gets in.
# Not compileall -j: its workers are started without our loader, with the host's libraries.
compile_python() {
  local root=$stage/rootfs argv
  prepare_host_python
  find "$root" -type d -name __pycache__ -prune -exec rm -rf {} +
  find "$root/usr/lib/python$python" "$root/usr/lib/python3" -name '*.py' | sort |
    xargs -d '\n' -P "$(nproc)" -n 100 "${argv[@]}" -m compileall -q --invalidation-mode unchecked-hash -s "$root" -p / >&2 ||
    die 'compileall failed; its message is above'
  "${argv[@]}" -c 'import py_compile, sys
for name in ("worker", "zygote"):
    path = sys.argv[1] + "/sandwatch/" + name
    py_compile.compile(path + ".py", path + ".pyc", "/sandwatch/" + name + ".py", True,
                       invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)' "$root"
}

# A library that is missing would be found among the host's when the worker runs there, and nowhere in a container.
check_libraries() {
  local argv foreign
  prepare_host_python
  foreign=$("${argv[@]}" -S -c 'import sys
sys.path.append(sys.argv[1] + "/usr/lib/python3/dist-packages")
import hashlib, json, numpy, pandas
paths = {line.split(None, 5)[5].strip() for line in open("/proc/self/maps") if "/" in line}
print(*sorted(path for path in paths if not path.startswith(sys.argv[1] + "/")))' "$(realpath "$stage/rootfs")")
  [ -z "$foreign" ] || die "the image lacks libraries that the worker took from this machine: $foreign"
}

check_worker() {
  local argv ready how
  mapfile -t argv < <(host_argument)
  for how in --announce --zygote; do
    ready=$(env -i "${environment[@]}" "${argv[@]}" --result-fd 3 "$how" 3>&1 >&2 </dev/null) || ready=''
    case $ready in
      *' ready '*) ;;
      *) die "the worker does not start in the new image ($how); its message is above" ;;
    esac
  done
}

write_lists() {
  local file
  while read -r file; do
    # shellcheck disable=SC2016 # a dpkg format, not a variable
    dpkg-deb -W --showformat='${Package}=${Version} ${Architecture}\n' "$file"
  done <"$stage/debs" | sort >"$stage/packages.txt"
  install -m 644 "$stage/packages.txt" "$stage/rootfs/sandwatch/packages.txt"
}

write_changes() {
  local argument command=''
  while read -r argument; do command="$command\"$argument\", "; done <"$stage/rootfs/sandwatch/sandbox.argv"
  printf '%s\n' 'ENTRYPOINT ["/sandwatch/shim"]' "CMD [$command\"--result-fd\", \"1\", \"--phases\"]" "ENV ${environment[*]}" \
    "LABEL org.sandwatch.layout=2 org.sandwatch.recipe=$(recipe_hash)" >"$stage/image.changes"
}

pack() {
  tar -c -f "$stage/image.tar" -C "$stage/rootfs" --format=gnu --sort=name --mtime=@0 \
    --numeric-owner --owner=0 --group=0 .
}

publish() {
  local name
  for name in image.changes rootfs image.tar packages.txt; do rm -rf "${out:?}/$name"; done
  for name in rootfs image.tar packages.txt image.changes; do mv "$stage/$name" "$out/$name"; done
}

clean_up() { [ -z "$stage" ] || rm -rf "$stage"; }

main() {
  parse_arguments "$@"
  if [ -n "$only_hash" ]; then
    recipe_hash
    return
  fi
  need_tools
  mkdir -p "$out"
  out=$(cd "$out" && pwd)
  [ -n "$cache" ] || cache=$out/cache
  mkdir -p "$cache"
  cache=$(cd "$cache" && pwd)
  stage=$(mktemp -d "$out/.building.XXXXXX")
  trap clean_up EXIT
  trap 'exit 130' INT TERM HUP
  apt_options=(-o "Dir::Cache::pkgcache=$stage/pkgcache.bin" -o 'Dir::Cache::srcpkgcache=' -o APT::Sandbox::User=root)

  choose_packages || timed 'refreshing the package lists' update_lists
  [ -z "$missing" ] || choose_packages ||
    die "this distribution has no package$missing; with a registry: $with_a_registry"
  timed "downloading ${#packages[@]} packages" fetch_packages "${packages[@]}"
  timed 'unpacking' unpack_packages
  finish_rootfs
  write_lists
  timed "compiling Python $python" compile_python
  check_libraries
  timed 'checking that the worker starts' check_worker
  write_changes
  timed 'packing' pack
  publish
  say "image: $out/image.tar, $(($(stat -c %s "$out/image.tar") / 1000000)) MB"
}

main "$@"
