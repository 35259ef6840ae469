#!/usr/bin/env bash
# tools/fuzz_all.sh [RUNS [TARGET ...]]: every fuzz target (tests/fuzz), or those named, RUNS inputs each (ten million
# where nothing is said), one after another, in build-fuzz; a table of runs, coverage and findings.
# MAXTS_FUZZ_SECONDS=N: N seconds each instead. MAXTS_FUZZ_MORE=1: go on from the inputs that an earlier call found, and
# count with it. Exit status 1 where something was found. build-fuzz/fuzz_TARGET.log keeps what each said, for
# tools/reliability.py.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-10000000}
shift || true
build=build-fuzz
[ -f $build/build.ninja ] || CC=clang meson setup $build -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false \
    -Dbuildtype=debugoptimized >/dev/null
[ $# -gt 0 ] || set -- $(sed -n "s/^  '\([a-z_]*\)': \[.*/\1/p" tests/fuzz/meson.build)
ninja -C $build $(printf 'tests/fuzz/fuzz_%s ' "$@") >&2
[ -n "${MAXTS_FUZZ_SECONDS:-}" ] || export MAXTS_FUZZ_RUNS=$runs
export MAXTS_SOURCE_ROOT=$PWD
export LSAN_OPTIONS=suppressions=$PWD/tests/lsan.supp:print_suppressions=0
found=0
printf '| %-10s | %10s | %8s | %8s | %s\n' target runs edges features findings
for target; do
    finding=none log=$build/fuzz_$target.log corpus=$build/corpus/$target
    [ -n "${MAXTS_FUZZ_MORE:-}" ] || rm -rf "$log" "$corpus"
    MAXTS_FUZZ_CORPUS=$corpus tests/fuzz/run_fuzz.sh $build/tests/fuzz/fuzz_"$target" tests/fuzz/"$target" \
        tests/fuzz/"$target".dict 60 >>"$log" 2>&1 || { finding=$(tail -n 1 "$log") found=1; }
    last=$(grep -E 'cov: ' "$log" | tail -n 1)
    done=$(awk '/number_of_executed_units:/ { n += $NF } END { printf "%d", n }' "$log")
    printf '| %-10s | %10s | %8s | %8s | %s\n' "$target" "$done" \
        "$(sed 's/.*cov: \([0-9]*\).*/\1/' <<<"$last")" "$(sed 's/.*ft: \([0-9]*\).*/\1/' <<<"$last")" "$finding"
done
exit $found
