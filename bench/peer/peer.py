#!/usr/bin/env python3
"""llama.cpp doing what maxts does: see README.md beside this file."""
import time

START = time.perf_counter()

import argparse
import json
import os
import pathlib
import subprocess
import sys

REQUIREMENTS = ["llama-cpp-python==0.3.36", "gguf==0.19.0", "numpy"]


def enter_environment():
    """Runs this script again in an environment that has the packages, making it first where it is missing."""
    if os.environ.get("MAXTS_PEER_INSIDE"):
        return
    python = os.environ.get("MAXTS_PEER_PYTHON")
    if not python:
        cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "maxts/peer"
        python, done = cache / "bin/python", cache / "complete"
        if not done.exists():
            print(f"peer: making {cache} (compiles llama.cpp, some minutes)", file=sys.stderr)
            subprocess.run([sys.executable, "-m", "venv", "--clear", cache], check=True)
            env = dict(os.environ, CMAKE_ARGS="-DGGML_NATIVE=on")
            if gcc_loses_tile_stores():
                for flags in ("CFLAGS", "CXXFLAGS"):
                    env[flags] = env.get(flags, "") + " -mno-amx-tile -mno-amx-int8 -mno-amx-bf16"
            subprocess.run([python, "-m", "pip", "install", "-q", "--no-binary", "llama-cpp-python", *REQUIREMENTS],
                           check=True, env=env)
            done.write_text("\n".join(REQUIREMENTS) + "\n")
    os.execve(python, [str(python), __file__, *sys.argv[1:]], dict(os.environ, MAXTS_PEER_INSIDE="1"))


def gcc_loses_tile_stores():
    """Up to version 12 GCC drops stores that only an AMX instruction reads; llama.cpp built with it for AMX then
    crashes."""
    try:
        version = subprocess.run(["cc", "-dM", "-E", "-x", "c", "-march=native", os.devnull], capture_output=True,
                                 text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    known = dict(line.split(None, 2)[1:] for line in version.splitlines() if len(line.split(None, 2)) == 3)
    return "__AMX_INT8__" in known and "__clang__" not in known and int(known.get("__GNUC__", 99)) <= 12


def arguments():
    p = argparse.ArgumentParser(prog="peer.py", description=__doc__)
    sub = p.add_subparsers(dest="command", required=True)
    s = sub.add_parser("speed", help="tokens per second of prefill and of decoding")
    s.add_argument("model")
    s.add_argument("--threads", type=int, default=os.cpu_count())
    s.add_argument("--prefill", type=int, default=512, help="tokens of the prefill measurement (default 512)")
    s.add_argument("--prompt", type=int, default=434, help="tokens of the shared prompt (default 434)")
    s.add_argument("--tokens", type=int, default=50, help="tokens decoded for each sequence (default 50)")
    s.add_argument("--sequences", default="1,10,32", help="numbers of sequences (default 1,10,32)")
    s.add_argument("--repeat", type=int, default=5, help="the median of so many (default 5)")
    s.add_argument("--only", type=json.loads, default={}, metavar="JSON",
                   help='{"prefill 512": VARIANT, "decode 10": VARIANT, ...}: these figures and variants alone')
    s = sub.add_parser("search", help="MaxEnt-TS, process start to answer")
    s.add_argument("model")
    s.add_argument("--prompt-file", required=True, help="the prompt as the model sees it, special tokens written out")
    s.add_argument("--threads", type=int, default=os.cpu_count())
    s.add_argument("--rollouts", type=int, default=10)
    s.add_argument("--in-flight", type=int, default=10)
    s.add_argument("--max-tokens", type=int, default=50)
    s.add_argument("--lambda", dest="lam", type=float, default=1.0)
    s.add_argument("--temperature", type=float, default=0.8)
    s.add_argument("--top-k", type=int, default=50)
    s.add_argument("--top-p", type=float, default=0.9)
    s.add_argument("--length", type=int, default=200, help="the reward: -|length - this| / this, bytes (default 200)")
    s.add_argument("--no-end", action="store_true",
                   help="end tokens do not end a text: every rollout runs to --max-tokens")
    s.add_argument("--seed", type=int, default=0)
    s = sub.add_parser("quantise", help="requantise a GGUF file")
    s.add_argument("model")
    s.add_argument("out")
    s.add_argument("type", choices=["Q4_0", "Q8_0", "Q4_K_M"])
    s = sub.add_parser("llama-1b", help="a random model in the shape of Llama-3.2-1B, Q4_0")
    s.add_argument("out")
    return p.parse_args()


def main():
    a = arguments()
    enter_environment()
    if a.command == "speed":
        import speed
        result = speed.measure(a)
    elif a.command == "search":
        import maxent
        result = maxent.run(a, START)
    else:
        import models
        result = models.quantise(a.model, a.out, a.type) if a.command == "quantise" else models.llama_1b(a.out)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
