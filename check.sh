#!/bin/bash
# Build everything, warnings being errors, and run all tests. SAN=1: under ASan and UBSan.
# The last line is "N passed, N failed". Needs Debian 12 and root; installs what deps.txt names.
set -u
cd "$(dirname "$0")" || exit 1
export SAN=${SAN:-} ROUNDS=${ROUNDS:-3}
B=build${SAN:+/san}
results=$B/check
passed=0 failed=0

count() { # count PASSED FAILED
    passed=$((passed + $1)) failed=$((failed + $2))
}

# step NAME COMMAND...: one test that is the command's success
step() {
    local name=$1
    shift
    echo "== $name"
    if "$@"; then count 1 0; else count 0 1; echo "FAILED: $name"; return 1; fi
}

# tally XML: passed and failed, of the results that pytest left there
tally() {
    /usr/bin/python3 - "$1" <<'P'
import sys
import xml.etree.ElementTree as tree
try:
    suites = list(tree.parse(sys.argv[1]).getroot())
    n = {k: sum(int(s.get(k)) for s in suites) for k in ("tests", "failures", "errors", "skipped")}
    print(n["tests"] - sum(n[k] for k in ("failures", "errors", "skipped")), n["failures"] + n["errors"])
except (OSError, tree.ParseError):
    print(0, 1)
P
}

# pytests FOLDER JOBS: its tests, so many side by side (they mostly wait). What fails there is tried once more with
# the machine to itself: a test that only fails in a crowd is named, and is worth a look, but does not count as failed.
pytests() {
    local xml=$results/$1.xml status good bad again still
    echo "== tests/$1"
    rm -f "$xml" "$xml.alone"
    JOBS=$2 tools/run-system "$B" "tests/$1" --cache-clear --junitxml="$xml"
    status=$?
    read -r good bad < <(tally "$xml")
    if [ "$bad" -gt 0 ] && [ "$bad" -le 12 ]; then
        echo "== tests/$1: the failed ones, alone"
        tools/run-system "$B" "tests/$1" --last-failed --junitxml="$xml.alone"
        status=$?
        read -r again still < <(tally "$xml.alone")
        echo "UNSTEADY: $again of $bad failed tests of $1 passed alone"
        good=$((good + again)) bad=$still
    fi
    [ "$status" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
    count "$good" "$bad"
}

unit() {
    local out
    echo "== tests/unit"
    out=$(make -s SAN="$SAN" WERROR=1 unit 2>&1)
    echo "$out" | tail -100
    if [[ $out =~ unit:\ ([0-9]+)\ passed,\ ([0-9]+)\ failed ]]; then
        count "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
    else
        count 0 1
    fi
}

finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
    exit
}

step "dependencies" tools/install-deps || finish
for name in postdrop postfix; do
    getent group $name >/dev/null || groupadd --system $name
done
getent passwd postfix >/dev/null ||
    useradd --system --gid postfix --home-dir /nonexistent --shell /usr/sbin/nologin postfix
step "reference" tools/fetch-reference
step "build" make -s -j"$(nproc)" SAN="$SAN" WERROR=1 all || finish
step "floors of lib/" tools/check-layers
step "names" tools/check-names "$B"
step "manual pages" make -s check-man
mkdir -p "$results"
unit
step "install" make -s SAN="$SAN" WERROR=1 install DESTDIR="$PWD/$B/root"
export POSTRIDER_ROOT=$PWD/$B/root
for folder in system parity neighbours; do
    pytests $folder $((2 * $(nproc)))
done
pytests fault 1
finish
