#!/usr/bin/env python3
"""What the ports of other processors make of a kernel's hot loop, by the model of llvm-mca: cycles for 32 products.

    tools/port_model.py OBJECT [SYMBOL...] [--cpu haswell,skylake,znver2,znver3] [--why] [--mca llvm-mca]

OBJECT is an object file or a library of the build (build/src/kernels/libkernels_avx2.a), of x86-64 or AArch64. Without
SYMBOL: every function whose hot loop makes 256 products or more. A function's hot loop is the innermost one with the
most of them; products are counted by its multiplying instructions: 32 for one that adds pairs or fours of bytes in 256
bits, 16 for one that adds pairs of 16-bit numbers where the loop has none of the others; on AArch64 16 for a dot
product, 32 for a product of 2 x 8 matrices, 8 for a widening multiplication of bytes. The model knows latencies, ports
and the front end, no caches: it says what binds a loop whose data are there. Needs llvm-mca (of Arm's cores version 17
or later knows Neoverse N1 and V1; its apple-m1 is an older Apple core), objdump and readelf."""
import argparse
import platform
import re
import subprocess
import sys

# Products of an x86 instruction in 128 bits.
BYTES = re.compile(r"v?(pmaddubsw|pdpbusd|pdpbssd)$")
WORDS = re.compile(r"v?(pmaddwd|pdpwssd)$")
WIDTHS = {"xmm": 1, "ymm": 2, "zmm": 4}
# Of an AArch64 instruction.
ARM = {"sdot": 16, "udot": 16, "usdot": 16, "smmla": 32, "usmmla": 32, "smull": 8, "smull2": 8, "umull": 8, "umull2": 8,
       "smlal": 8, "smlal2": 8}

JUMP = re.compile(r"j|(b|b\..*|cbn?z|tbn?z)$")

X86_64, AARCH64 = "x86-64", "aarch64"  # as llvm-mca says
NAMES = {X86_64: "X86-64", AARCH64: "AArch64"}
CPUS = {X86_64: "haswell,skylake,znver2,znver3", AARCH64: "cortex-a72,neoverse-n1,neoverse-v1,apple-m1"}
COMMENT = {X86_64: "#", AARCH64: "//"}
OBJDUMP = {X86_64: "objdump", AARCH64: "objdump" if platform.machine() == "aarch64" else "aarch64-linux-gnu-objdump"}


def machine_of(path):
    """Of the objects in a file, an archive of names too."""
    head = subprocess.run(["readelf", "-h", path], capture_output=True, text=True, check=False).stdout
    for machine, name in NAMES.items():
        if re.search(rf"Machine: .*{name}", head):
            return machine
    sys.exit(f"{path}: no object of x86-64 or AArch64")


def functions(path, machine):
    """{name: [(address, instruction, operands, prefix)]} of a disassembly."""
    text = subprocess.run([OBJDUMP[machine], "-d", "--no-show-raw-insn", path], capture_output=True, text=True,
                          check=True).stdout
    found, name = {}, None
    for line in text.splitlines():
        head = re.match(r"[0-9a-f]+ <(.+)>:$", line)
        if head:
            name = head[1]
            found[name] = []
            continue
        one = re.match(r"\s+([0-9a-f]+):\s+(\{vex\} )?(\S+)\s*([^<]*)(?:<.*)?", line.split(COMMENT[machine])[0])
        if one and name:
            found[name].append((int(one[1], 16), one[3], one[4].strip(), one[2] or ""))
    return found


def spans(code):
    """(first, last) of each jump back."""
    at = {address: i for i, (address, *_) in enumerate(code)}
    for i, (address, what, operands, _) in enumerate(code):
        target = re.search(r"\b([0-9a-f]+)$", operands)
        if JUMP.match(what) and target and int(target[1], 16) <= address and int(target[1], 16) in at:
            yield at[int(target[1], 16)], i


def width(operands):
    return max((WIDTHS[w] for w in WIDTHS if w in operands), default=1)


def products(loop):
    of_arm = sum(ARM.get(what, 0) for _, what, o, _ in loop if re.match(r"v\d+\.(4s|8h)", o))
    if of_arm:
        return of_arm
    of_bytes = sum(16 * width(o) for _, what, o, _ in loop if BYTES.match(what))
    return of_bytes or sum(8 * width(o) for _, what, o, _ in loop if WORDS.match(what))


def hot_loop(code):
    """The instructions of the loop with the most products that has no loop with products inside; of a function without
    jumps back, which is called for each step: its own."""
    with_products = [(a, b) for a, b in spans(code) if products(code[a:b + 1])]
    inner = [s for s in with_products if not any(o != s and s[0] <= o[0] and o[1] <= s[1] for o in with_products)]
    best = max((code[a:b + 1] for a, b in inner), key=products, default=[])
    return best if best or any(spans(code)) else [x for x in code if not re.match(r"(ret|j|b\b|nop|vzeroupper)", x[1])]


def model(loop, cpu, machine, mca):
    """Cycles of an iteration once the loop runs, and what llvm-mca says holds it."""
    lines = [f"{prefix}{what} {operands}" for _, what, operands, prefix in loop if not JUMP.match(what)]
    run = subprocess.run([mca, f"-march={machine}", f"-mcpu={cpu}", "-iterations=200", "-bottleneck-analysis"],
                         input="\n".join(lines) + "\n", capture_output=True, text=True, check=False)
    if run.returncode != 0:
        return None, run.stderr.strip().splitlines()[0]
    cycles = float(re.search(r"Total Cycles:\s+(\d+)", run.stdout)[1]) / 200
    held = re.findall(r"^  - (\w[^:\n]*?):?\s+\[ ([\d.]+)% \]", run.stdout, re.M)
    return cycles, ", ".join(f"{name.strip()} {share}%" for name, share in held) or "nothing"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("object")
    parser.add_argument("symbols", nargs="*")
    parser.add_argument("--cpu", help="names of llvm-mca, joined by commas")
    parser.add_argument("--mca", default="llvm-mca", help="the program")
    parser.add_argument("--why", action="store_true", help="what holds each loop")
    args = parser.parse_args()
    machine = machine_of(args.object)
    found = functions(args.object, machine)
    names = args.symbols or sorted(n for n in found if products(hot_loop(found[n])) >= 256)
    cpus = (args.cpu or CPUS[machine]).split(",")
    print("| loop | instructions | products | " + " | ".join(cpus) + " |")
    print("|---" * (3 + len(cpus)) + "|")
    for name in names:
        if name not in found:
            sys.exit(f"{args.object}: no function is named {name}")
        loop = hot_loop(found[name])
        count = products(loop)
        if not count:
            continue
        cells = []
        for cpu in cpus:
            cycles, why = model(loop, cpu, machine, args.mca)
            cells.append(why if cycles is None else f"{cycles * 32 / count:.2f}" + (f" ({why})" if args.why else ""))
        print(f"| {name} | {len(loop)} | {count} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
