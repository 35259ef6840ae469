#!/usr/bin/env bash
# tools/fuzz_all.sh [RUNS [TARGET ...]]: every fuzz target (tests/fuzz), or those named, RUNS inputs each (ten million
# where nothing is said), one after another, in build-fuzz; a table of runs, coverage and findings. Nine of ten inputs
# are short, where a run is fast and a mistake as likely; the others have up to sixteen times as many bytes.
# MAXTS_FUZZ_SECONDS=N: N seconds each instead. MAXTS_FUZZ_MORE=1: go on from the inputs that an earlier call found, and
# count with it. MAXTS_FUZZ_PLAIN=1: without sanitizers, five times as fast, in build-fuzz-plain: what a target promises
# is still checked. Exit status 1 where something was found. build-fuzz/fuzz_TARGET.log keeps what each said, for
# tools/reliability.py.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-10000000}
shift || true
build=build-fuzz sanitize=address,undefined type=debugoptimized
[ -z "${MAXTS_FUZZ_PLAIN:-}" ] || build=build-fuzz-plain sanitize=none type=release
[ -f $build/build.ninja ] || CC=clang meson setup $build -Dfuzz=true -Db_sanitize=$sanitize -Db_lundef=false \
    -Dbuildtype=$type >/dev/null
[ $# -gt 0 ] || set -- $(sed -n "s/^  '\([a-z_]*\)': \[.*/\1/p" tests/fuzz/meson.build)
ninja -C $build $(printf 'tests/fuzz/fuzz_%s ' "$@") >&2
export MAXTS_SOURCE_ROOT=$PWD
export LSAN_OPTIONS=suppressions=$PWD/tests/lsan.supp:print_suppressions=0
found=0

# short TARGET: the bytes that say something in its form.
short() {
    case $1 in
    checkpoint | journal | series | table | template) echo 512 ;;
    evidence | gguf | trace) echo 4096 ;;
    *) echo 96 ;;
    esac
}

# fuzz TARGET LENGTH TENTHS: so many tenths of the runs or seconds.
fuzz() {
    MAXTS_FUZZ_LENGTH=$2 MAXTS_FUZZ_CORPUS=$build/corpus/$1 \
        MAXTS_FUZZ_SECONDS=${MAXTS_FUZZ_SECONDS:+$((MAXTS_FUZZ_SECONDS * $3 / 10 + 1))} \
        MAXTS_FUZZ_RUNS=$([ -n "${MAXTS_FUZZ_SECONDS:-}" ] || echo $((runs * $3 / 10))) \
        tests/fuzz/run_fuzz.sh $build/tests/fuzz/fuzz_"$1" tests/fuzz/"$1" tests/fuzz/"$1".dict 60 \
        >>$build/fuzz_"$1".log 2>&1
}

printf '| %-10s | %10s | %8s | %8s | %s\n' target runs edges features findings
for target; do
    finding=none log=$build/fuzz_$target.log
    [ -n "${MAXTS_FUZZ_MORE:-}" ] || rm -rf "$log" "$build/corpus/$target"
    length=$(short "$target")
    { fuzz "$target" "$length" 9 && fuzz "$target" $((16 * length)) 1; } || { finding=$(tail -n 1 "$log") found=1; }
    last=$(grep -E 'cov: ' "$log" | tail -n 1)
    done=$(awk '/number_of_executed_units:/ { n += $NF } END { printf "%d", n }' "$log")
    printf '| %-10s | %10s | %8s | %8s | %s\n' "$target" "$done" \
        "$(sed 's/.*cov: \([0-9]*\).*/\1/' <<<"$last")" "$(sed 's/.*ft: \([0-9]*\).*/\1/' <<<"$last")" "$finding"
done
exit $found
