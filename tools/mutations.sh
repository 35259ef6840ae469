#!/usr/bin/env bash
# tools/mutations.sh [WORD ...]: does a test see it when something is wrong? Puts the faults of
# tests/mutations/faults.py (those with one of the words, where some are given) into a copy of the sources, one at a
# time, builds the tests that have to fail, with AddressSanitizer, and prints which did. Some ten minutes; the copy is
# build-mutations/.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=build-mutations
mkdir -p $folder
git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do # what has not changed keeps its time, so that it is not built again
        [ -f "$file" ] || continue
        cmp -s "$file" "$folder/$file" || { mkdir -p "$folder/$(dirname "$file")" && cp "$file" "$folder/$file"; }
    done
[ -f $folder/build/build.ninja ] ||
    CC=${CC:-gcc} meson setup $folder/build $folder -Doptimization=1 -Db_sanitize=address -Db_lundef=false >/dev/null
exec env -u MAXTS_SOURCE_ROOT python3 tests/mutations/mutate.py $folder "$@" # which writes docs/reliability.md
