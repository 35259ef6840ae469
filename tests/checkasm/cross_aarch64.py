#!/usr/bin/env python3
"""Builds checkasm for AArch64 and runs it in qemu's user mode, as a processor with dot products and i8mm.

Exits 77 (skipped) where the cross compiler or qemu is missing, else with checkasm's own status.
usage: cross_aarch64.py BUILD_DIRECTORY   (MAXTS_SOURCE_ROOT: the source tree)"""
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys

COMPILER, EMULATOR = "aarch64-linux-gnu-gcc", "qemu-aarch64"
FLAGS = ["-std=c99", "-O2", "-D_POSIX_C_SOURCE=200809L", "-ffp-contract=off", "-fno-math-errno", "-Wall", "-Wextra",
         "-Werror"]
SETS = {"dotprod.c": ["-march=armv8.2-a+dotprod"], "i8mm.c": ["-march=armv8.2-a+dotprod+i8mm"]}


def main():
    for tool in (COMPILER, EMULATOR):
        if not shutil.which(tool):
            print(f"skipped: {tool} is not installed")
            return 77
    root = pathlib.Path(os.environ["MAXTS_SOURCE_ROOT"])
    out = pathlib.Path(sys.argv[1]) / "checkasm_aarch64"
    out.mkdir(parents=True, exist_ok=True)
    sources = [root / "src/core" / name for name in ("cpu.c", "mem.c", "rng.c")]
    for folder in ("src/quant", "src/kernels", "src/kernels/ref", "src/kernels/arm", "tests/checkasm"):
        sources += sorted((root / folder).glob("*.c"))

    def compile_one(source):
        target = out / ("_".join(source.relative_to(root).parts) + ".o")
        command = [COMPILER, *FLAGS, *SETS.get(source.name, []), "-I", root / "src", "-I", root / "include", "-c",
                   source, "-o", target]
        return target, subprocess.run(command, check=False).returncode

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        done = list(pool.map(compile_one, sources))
    if any(status for _, status in done):
        return 1
    program = out / "checkasm"
    subprocess.run([COMPILER, "-static", *(target for target, _ in done), "-o", program, "-lm"], check=True)
    # (-static, so that no target libraries need to be found at run time)
    environment = {key: value for key, value in os.environ.items() if key != "MAXTS_CPU_MASK"}
    result = subprocess.run([EMULATOR, "-cpu", "max", program], check=False, env=environment, capture_output=True,
                            text=True)
    print(result.stdout, result.stderr, sep="")
    if result.returncode == 0 and "i8mm:" not in result.stdout: # the test must not pass without what it is for
        print("qemu's processor has no i8mm")
        return 1
    return result.returncode


sys.exit(main())
