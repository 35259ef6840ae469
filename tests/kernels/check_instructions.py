#!/usr/bin/env python3
"""Counts the instructions of the hot kernels under callgrind and compares them with instructions.json, within 2 %.

Counts do not tremble with the machine's load, so a slip shows where a stopwatch sees noise. They do depend on the
compiler and, through fmaf() in scalar C, on the C library: figures are kept for each pair of versions, and a pair
without figures is skipped (77), as is a machine without valgrind or without AVX2 (valgrind knows neither
AVX-512 nor AMX, so avx512, avx512vnni and amx are not counted: scalar C and AVX2 stand for the rest).
usage: check_instructions.py PROGRAM COMPILER [--record]     COMPILER: such as gcc-12.2.0"""
import json
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

FIGURES = pathlib.Path(__file__).with_name("instructions.json")
TOLERANCE = 0.02


def count(program, family):
    """Inclusive instructions of each case_* function; None when the program says skip."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out"
        run = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", program, family],
                             capture_output=True, text=True, check=False)
        if run.returncode == 77:
            return None
        if run.returncode != 0:
            sys.exit(f"{program} {family}: exit status {run.returncode}\n{run.stderr}")
        listing = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", out], capture_output=True,
                                 text=True, check=True).stdout
    found = {}
    for line in listing.splitlines():
        match = re.match(r"\s*([\d,]+) .*:case_(\w+)", line)
        if match:
            found[match[2]] = max(found.get(match[2], 0), int(match[1].replace(",", "")))
    return found


def main():
    program, compiler = sys.argv[1:3]
    compiler += " " + "-".join(platform.libc_ver())
    for tool in ("valgrind", "callgrind_annotate"):
        if not shutil.which(tool):
            print(f"skipped: {tool} is not installed")
            return 77
    figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    record = "--record" in sys.argv
    if not record and compiler not in figures:
        print(f"skipped: no figures for {compiler} in {FIGURES.name}")
        return 77
    bad = tested = 0
    for family in ("scalar", "avx2"):
        found = count(program, family)
        if found is None:
            print(f"{family}: skipped, not on this processor")
            continue
        if record:
            figures.setdefault(compiler, {})[family] = found
            continue
        for name, want in figures[compiler][family].items():
            got = found.get(name, 0)
            tested += 1
            if abs(got - want) > TOLERANCE * want:
                bad += 1
                print(f"{compiler} {family} {name}: {got} instructions, recorded {want} ({got / want - 1:+.1%})")
    if record:
        FIGURES.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        return 0
    print(f"{tested} kernels counted, {bad} beyond {TOLERANCE:.0%}")
    return 1 if bad else 0 if tested else 77


sys.exit(main())
