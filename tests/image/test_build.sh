#!/usr/bin/env bash
# Tests of docker/image: build.sh's options and hash, layout.sh, the Dockerfile, and an image that was built.
#
#   SANDWATCH_TEST_ROOT   an unpacked image, DIR/rootfs of build.sh --out DIR (else those tests are skipped)
#   SANDWATCH_TEST_BUILD  1: build twice and compare byte for byte (needs the network; about 20 s)
set -u

here=$(cd "$(dirname "$0")" && pwd)
image=$here/../../docker/image
work=$(mktemp -d)
passed=0 failed=0
trap 'rm -rf "$work"' EXIT

# check NAME EXPECTED ACTUAL
check() {
  if [ "$2" = "$3" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAIL %s\n  expected: %s\n  actual:   %s\n' "$1" "$2" "$3" >&2
  fi
}

hash_of() { "$image/build.sh" --hash --shim "$work/shim" --worker "$work/worker.py" --zygote "$work/zygote.py"; }

test_hash() {
  local first begin end
  echo shim >"$work/shim"
  echo worker >"$work/worker.py"
  echo zygote >"$work/zygote.py"
  first=$(hash_of)
  check 'the hash is sha256' 64 "${#first}"
  check 'the hash is stable' "$first" "$(hash_of)"
  echo more >>"$work/worker.py"
  check 'the worker is part of the hash' differs "$([ "$first" != "$(hash_of)" ] && echo differs)"
  first=$(hash_of)
  echo more >>"$work/zygote.py"
  check 'the zygote is part of the hash' differs "$([ "$first" != "$(hash_of)" ] && echo differs)"
  begin=$(date +%s%N)
  hash_of >/dev/null
  end=$(date +%s%N)
  check 'the hash is quick' yes "$([ $(((end - begin) / 1000000)) -lt 1000 ] && echo yes)"
}

test_options() {
  local options
  for options in '' '--wat' '--shim' '--hash' "--shim $work/shim --worker $work/worker.py --zygote $work/zygote.py" "--shim $work/shim --worker $work/worker.py --hash"; do
    # shellcheck disable=SC2086 # a list of options
    "$image/build.sh" $options >"$work/out" 2>"$work/err"
    check "usage for '$options'" 2 $?
  done
  "$image/build.sh" --shim /no/such/shim --worker "$work/worker.py" --zygote "$work/zygote.py" --out "$work/o" 2>"$work/err"
  check 'a missing shim' 1 $?
  check 'a missing shim says what to do' 1 "$(grep -c 'build it first' "$work/err")"
  check 'and leaves nothing' '' "$(ls "$work/o" 2>/dev/null)"
}

# Without Debian's tools the Dockerfile is what is left, under the name that is looked for.
test_without_tools() {
  local tool
  mkdir -p "$work/bin"
  for tool in bash dirname; do ln -s "$(command -v "$tool")" "$work/bin/$tool"; done
  PATH=$work/bin "$(command -v bash)" "$image/build.sh" --shim "$work/shim" --worker "$work/worker.py" --zygote "$work/zygote.py" --out "$work/o" 2>"$work/err"
  check 'without tools there is no build' 1 $?
  check 'the hint is the Dockerfile'"'"'s own' "$(sed -n 's/^# *\(docker build .*\)/\1/p' "$image/Dockerfile")" \
    "$(grep -o 'docker build.*' "$work/err")"
}

# The Dockerfile cannot be built everywhere; what it says twice must at least agree.
test_dockerfile() {
  local expected actual
  mkdir -p "$work/root/sandwatch"
  sh "$image/layout.sh" "$work/root" /usr/local/bin/python3.12 /usr/local/lib/python3.12/site-packages /lib/ld.so /lib:/usr/local/lib
  expected=$(sed 's/.*/"&"/' "$work/root/sandwatch/sandbox.argv" | paste -s -d, | sed 's/,/, /g')
  actual=$(sed -n 's/^CMD \[\(.*\), "--result-fd", "1", "--phases"\]$/\1/p' "$image/Dockerfile")
  check 'the Dockerfile runs what layout.sh says' "$expected" "$actual"
  check 'every library directory has its root' '@ROOT@/lib:@ROOT@/usr/local/lib' "$(sed -n 3p "$work/root/sandwatch/host.argv")"
  expected=$(grep -v '^PATH=' "$work/root/sandwatch/host.env" | sort)
  actual=$(sed -n '/^ENV/,/[^\\]$/p' "$image/Dockerfile" | grep -oE '[A-Z0-9_]+=[^ ]+' | grep -v '^PATH=' | sort)
  check 'the Dockerfile sets what layout.sh says' "$expected" "$actual"
}

test_image() {
  local root=$SANDWATCH_TEST_ROOT out package
  out=$(dirname "$root")
  check 'no absolute links' '' "$(find "$root" -type l -lname '/*')"
  check 'no dangling links' '' "$(find "$root" -xtype l)"
  check 'no set-id files' '' "$(find "$root" -type f -perm /6000)"
  check 'nothing that others may write, but /tmp' '' "$(find "$root" ! -type l -perm -o+w ! -path '*/tmp')"
  check 'everything is compiled' '' "$(find "$root/usr/lib" -name '*.py' | while read -r package; do
    [ -n "$(find "$(dirname "$package")/__pycache__" -name "$(basename "$package" .py).cpython-*.pyc" 2>/dev/null)" ] || echo "$package"
  done | head -n 3)"
  check 'the worker and the zygote are compiled' 'worker.py worker.pyc zygote.py zygote.pyc' \
    "$(cd "$root/sandwatch" && printf '%s\n' *.py *.pyc | sort | paste -s -d' ')"
  check 'every package has its copyright' '' "$(sed 's/=.*//' "$root/sandwatch/packages.txt" | while read -r package; do
    [ -s "$root/usr/share/doc/$package/copyright" ] || echo "$package"
  done)"
  check 'the command of image.changes' "CMD [$(sed 's/.*/"&"/' "$root/sandwatch/sandbox.argv" | paste -s -d, | sed 's/,/, /g'), \"--result-fd\", \"1\", \"--phases\"]" \
    "$(grep '^CMD' "$out/image.changes")"
  check 'the tar is the rootfs' "$(cd "$root" && find . | sort)" "$(tar -t -f "$out/image.tar" | sed 's|/$||' | sort)"
}

test_reproducible() {
  local number
  cc -static -Os -s -o "$work/shim" "$image/../shim/shim.c" || return
  for number in 1 2; do
    "$image/build.sh" --shim "$work/shim" --worker "$image/../worker/worker.py" --zygote "$image/../worker/zygote.py" --out "$work/$number" --cache "$work/cache" || return
  done
  cmp "$work/1/image.tar" "$work/2/image.tar"
  check 'two builds are the same' 0 $?
  check 'and leave nothing else' 'image.changes image.tar packages.txt rootfs' "$(find "$work/1" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | paste -s -d' ')"
}

test_hash
test_options
test_without_tools
test_dockerfile
suffix=''
if [ -n "${SANDWATCH_TEST_ROOT:-}" ]; then test_image; else suffix=', 1 group skipped'; fi
[ "${SANDWATCH_TEST_BUILD:-}" != 1 ] || test_reproducible
echo "$passed passed, $failed failed$suffix"
[ "$failed" = 0 ]
