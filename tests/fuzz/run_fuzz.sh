#!/bin/sh
# run_fuzz.sh FUZZER SEEDS DICTIONARY SECONDS: fuzzes for that long, or $MAXTS_FUZZ_SECONDS, or for $MAXTS_FUZZ_RUNS
# inputs, from the seeds and those that the target makes itself, in a scratch directory (in memory where there is such
# one) that is kept when something was found: a signal, an endless input, more than 300 MiB in one allocation.
# First one of the seeds' allocations after another fails, twenty of each (MAXTS_FUZZ_EACH: so many, of the corpus too).
# MAXTS_FUZZ_CORPUS: a folder of inputs that is gone on from and added to. MAXTS_FUZZ_LENGTH: bytes of the longest input
# that is made (65536). Inputs are chosen evenly (-entropic=0): to weigh them by their rare features takes a third of
# the time and more.
set -eu
fuzzer=$1 seeds=$2 dictionary=$3 seconds=$4
[ -n "${TMPDIR:-}" ] || [ ! -w /dev/shm ] || TMPDIR=/dev/shm
scratch=$(mktemp -d "${TMPDIR:-/tmp}/maxts-fuzz-XXXXXX")
corpus=${MAXTS_FUZZ_CORPUS:-$scratch/corpus}
mkdir "$scratch/seeds"
mkdir -p "$corpus"
[ ! -d "$seeds" ] || cp "$seeds"/* "$scratch/seeds"
limit=-max_total_time=${MAXTS_FUZZ_SECONDS:-$seconds}
[ -z "${MAXTS_FUZZ_RUNS:-}" ] || limit=-runs=$MAXTS_FUZZ_RUNS
export TMPDIR="$scratch" MAXTS_FUZZ_SEEDS="$scratch/seeds"
# The sanitizer keeps what was freed: fast targets come to 1 GiB by that alone; malloc_limit_mb bounds what is asked.
always="-timeout=300 -rss_limit_mb=2048 -malloc_limit_mb=300 -reload=0 -artifact_prefix=$scratch/"
if env MAXTS_FUZZ_EACH="${MAXTS_FUZZ_EACH:-20}" "$fuzzer" $always -runs=0 "$scratch/seeds" >"$scratch/log" 2>&1 &&
    "$fuzzer" $always "$limit" -max_len="${MAXTS_FUZZ_LENGTH:-65536}" -print_final_stats=1 -entropic=0 \
        -dict="$dictionary" "$corpus" "$scratch/seeds" >>"$scratch/log" 2>&1; then
    grep -E 'number_of_executed|new_units|peak_rss|slowest' "$scratch/log"
    grep -E 'cov: ' "$scratch/log" | tail -n 1
    rm -rf "$scratch"
else
    tail -n 60 "$scratch/log"
    echo "kept in $scratch"
    exit 1
fi
