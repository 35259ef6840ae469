#!/usr/bin/env bash
# tools/sanitize.sh [thread] [memory] [valgrind]: the checks that ./run test has no time for; all of them where none is
# named. Needs clang and its libomp with Archer (Debian: libomp-dev), and valgrind.
#
# thread    ThreadSanitizer on the forward pass, the search's threads and reward programs, once with LLVM's OpenMP,
#           whose fork and join Archer tells it (and the team's own barriers are plain atomics, which it knows), and
#           once without OpenMP. OpenMP's runtime, PCRE2 and jansson are not instrumented; what they touch among
#           themselves is left out.
# memory    MemorySanitizer on the program and the tests, with scalar kernels and without OpenMP and OpenBLAS: PCRE2,
#           jansson, zlib, FLAC and cmocka are built with it, from subprojects/ (tools/fetch_sources.py).
# valgrind  memcheck on searches of a table and of a tiny model.
set -euo pipefail
cd "$(dirname "$0")/.."
export MAXTS_SOURCE_ROOT=$PWD

setup() { [ -f "$1/build.ninja" ] || CC=$2 meson setup "$1" -Dbuildtype=debugoptimized "${@:3}" >/dev/null; }

thread() {
    local build option
    for option in enabled disabled; do
        build=build-thread-$option
        setup "$build" clang -Db_sanitize=thread -Db_lundef=false -Dopenmp=$option
        TSAN_OPTIONS="ignore_noninstrumented_modules=1 halt_on_error=1" OMP_NUM_THREADS=4 \
            meson test -C "$build" --print-errorlogs -t 10 golden 'model bits' 'model team' search_chains \
            search_driver search_ending search_methods search_proofs search_rejection search_trace reward_command \
            engine course measure output
    done
}

memory() {
    python3 tools/fetch_sources.py
    # The sanitizer knows fstat(), which is the same here, and not fstat64().
    setup build-memory clang -Db_sanitize=memory -Db_lundef=false -Dopenmp=disabled -Dopenblas=disabled \
        --wrap-mode=forcefallback -Dc_args=-U_FILE_OFFSET_BITS
    # Its own exit status, 77, would be a test that was skipped.
    MSAN_OPTIONS=exitcode=99 MAXTS_CPU_MASK=scalar meson test -C build-memory --print-errorlogs -t 40 \
        --no-suite real_models --no-suite once --no-suite exhaustive --no-suite layers
}

valgrind_() {
    local table=tests/fuzz/table/three search
    [ -f build-plain/build.ninja ] || # the one of ./run test
        CC=gcc meson setup build-plain --werror -Dopenmp=disabled -Dopenblas=disabled >/dev/null
    ninja -C build-plain src/cli/maxts | tail -n 1
    tail -c +3 $table >build-plain/table.json
    for search in "-m build-plain/table.json" "-m tests/golden/llama-tied.gguf -p hello -n 4 --reward length:9"; do
        MAXTS_CPU_MASK=avx512 valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite \
            build-plain/src/cli/maxts search $search --rollouts 4 --json >/dev/null
        echo "valgrind: maxts search $search"
    done
}

[ $# -gt 0 ] || set -- thread memory valgrind
for what; do
    case $what in
        thread | memory) $what ;;
        valgrind) valgrind_ ;;
        *) sed -n '2,15s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
done
