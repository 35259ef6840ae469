#!/usr/bin/env python3
"""bench/side_by_side.py without engines: how each one's output is read, what is asked of it, the table, the guard."""
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(os.environ["MAXTS_SOURCE_ROOT"]) if "MAXTS_SOURCE_ROOT" in os.environ else \
    pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "bench"))
import adapters  # noqa: E402

BATCHED = """
main: n_kv_max = 1024, n_batch = 2048, n_ubatch = 512, flash_attn = 1, is_pp_shared = 1, n_threads = 2

|    PP |     TG |    B |   N_KV |   T_PP s | S_PP t/s |   T_TG s | S_TG t/s |      T s |    S t/s |
|-------|--------|------|--------|----------|----------|----------|----------|----------|----------|
"""
PREFILL = BATCHED + "| 512 | 1 | 1 | 513 | 1.018 | 503.01 | 0.011 | 91.00 | 1.029 | 498.54 |\n"
DECODE = BATCHED + """| 434 | 50 | 1 | 484 | 0.862 | 503.22 | 0.549 | 91.07 | 1.411 | 343.02 |
| 434 | 50 | 10 | 934 | 0.861 | 504.07 | 2.304 | 217.01 | 3.165 | 295.10 |
| 434 | 50 | 32 | 2034 | 0.870 | 498.85 | 5.460 | 293.04 | 6.330 | 321.33 |
build: 3901 (8337e4c) built with cc (Debian 12.2.0-14) 12.2.0 for x86_64-linux-gnu
"""
MISTRAL = """2026-01-01 INFO mistralrs_bench: Finished benchmarking.
+-------+---------+--------+-----------------+-----------------+-------------+--------------+
| model | backend | test   | t/s             | ms/t            | concurrency | throughput/s |
+-------+---------+--------+-----------------+-----------------+-------------+--------------+
| ./    | CPU     | tg 50  | 50.111±0.000    | 19.955±0.000    |           1 | 50.111       |
+-------+---------+--------+-----------------+-----------------+-------------+--------------+
| ./    | CPU     | pp 512 | 75.250±0.000    | 13.289±0.000    |           1 | 75.25        |
+-------+---------+--------+-----------------+-----------------+-------------+--------------+
+-------+---------+--------+-----------------+-----------------+-------------+--------------+
| model | backend | test   | t/s             | ms/t            | concurrency | throughput/s |
+-------+---------+--------+-----------------+-----------------+-------------+--------------+
| ./    | CPU     | tg 50  | 9.500±0.000     | 105.263±0.000   |          10 | 95           |
+-------+---------+--------+-----------------+-----------------+-------------+--------------+
| ./    | CPU     | pp 512 | 8.000±0.000     | 125.000±0.000   |          10 | 80           |
+-------+---------+--------+-----------------+-----------------+-------------+--------------+
"""
MAXTS = """#!{python}
import json, os, sys
if sys.argv[1] == "--version":
    sys.exit(print("maxts 0.0.0"))
rate = float(open({rate!r}).read().split()[0])
assert os.environ.get("MAXTS_CPU_MASK") == {mask!r}, os.environ.get("MAXTS_CPU_MASK")
rest = open({rate!r}).read().split()[1:]
open({rate!r}, "w").write(" ".join(rest or [str(rate)]))
print(json.dumps({{"prefill": [{{"tokens": 512, "tok_per_s": 10 * rate, "limit_tok_per_s": 5000}}],
    "decode": [{{"batch": n, "tok_per_s": rate * n, "limit_tok_per_s": 5000, "peak_rss_bytes": 1e8}}
               for n in (1, 10, 32)],
    "memory": {{"weights": 1e8, "weight_bytes": 9e7}}, "load_s": 0.1,
    "cpu": {{"read_gb_per_s": 20.0, "int8_gmac_per_s": 800.0}}}}))
"""
TREE = """#!{python}
import sys
if "-rtr" not in sys.argv and "-fa" not in sys.argv:
    print({slow!r} if "512" == sys.argv[sys.argv.index("-npp") + 1] else {decode!r}, file=sys.stderr)
elif sys.argv.count("-fa") and sys.argv[sys.argv.index("-fa") + 1] in ("on", "off"):
    sys.exit("error: unknown argument: " + sys.argv[sys.argv.index("-fa") + 1])
else:
    print({prefill!r} if "512" == sys.argv[sys.argv.index("-npp") + 1] else {decode!r}, file=sys.stderr)
"""


def check_readers():
    assert adapters.read_batched_bench(PREFILL) == {"prefill 512": 503.01}
    assert adapters.read_batched_bench(DECODE) == {"decode 1": 91.07, "decode 10": 217.01, "decode 32": 293.04}
    assert adapters.read_mistralrs_bench(MISTRAL) == {"decode 1": 50.111, "prefill 512": 75.25, "decode 10": 95.0}
    text = 'words\n{"prefill": [{"tokens": 512, "tok_per_s": 7.5}], "decode": [{"batch": 1, "tok_per_s": 3}]}\n'
    assert adapters.read_json(text) == {"prefill 512": 7.5, "decode 1": 3}
    assert "Debian 12.2.0-14" in adapters.tree_version("/nonexistent", DECODE)
    assert adapters.read_table("| a | b |\n| 1 |\nno\n| 1 | 2 |\n") == [{"a": "1", "b": "2"}]


def check_commands():
    work = adapters.Work("m.gguf", 434, 50, 2)
    for name, adapter in adapters.ADAPTERS.items():
        if not adapter.needs_path:
            (commands,) = adapter.commands("", work).values()
            assert "m.gguf" in commands[0] and pathlib.Path(commands[0][1]).is_file(), name
    done = subprocess.run([sys.executable, ROOT / "bench" / "peer" / "wheels.py", "--help"], capture_output=True,
                          text=True, check=True)
    assert "openvino" in done.stdout


def program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def side_by_side(folder, rates, *options, mask=None):
    """Runs it on a maxts whose runs decode at these rates, one after another, the last one from then on."""
    rate = folder / "rate"
    rate.write_text(" ".join(map(str, rates)), encoding="utf-8")
    program(folder / "maxts", MAXTS.format(python=sys.executable, rate=str(rate), mask=mask))
    env = {k: v for k, v in os.environ.items() if k != "MAXTS_CPU_MASK"} | {"OMP_NUM_THREADS": "2",
                                                                           "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, ROOT / "bench" / "side_by_side.py", folder / "maxts", "model.gguf", "--peer",
                           f"ik_llama.cpp={folder / 'ik'}", "--repeat", "1", "--kept", folder / "kept", *options],
                          capture_output=True, text=True, check=False, env=env)


def check_table(folder):
    program(folder / "ik" / "build" / "bin" / "llama-batched-bench", TREE.format(
        python=sys.executable, prefill=PREFILL, decode=DECODE, slow=PREFILL.replace("503.01", "403.01")))
    out = folder / "table"
    done = side_by_side(folder, [182.14], "--out", out, "--keep", "--cpu-mask", "avx512,avxvnni", mask="avx512,avxvnni")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader((out / "speed.csv").open(encoding="utf-8")))
    assert [r["work"] for r in rows] == ["prefill 512", "decode 1", "decode 10", "decode 32"]
    first = rows[0]
    assert first["peer_tok_per_s"] == "503.0" and first["variant"] == "repacked, flash attention", first
    assert rows[1]["ratio"] == "2.0" and rows[1]["peer"] == "ik_llama.cpp"
    assert "unknown argument: on" in first["left_out"] and "built with" not in first["peer_version"]
    assert "Debian" in first["peer_version"] and first["without"] == "avx512,avxvnni"
    assert "OMP_NUM_THREADS=2" in first["environment"] and "MAXTS_CPU_MASK=avx512,avxvnni" in first["environment"]
    assert first["processor"] and first["maxts"].startswith("maxts 0.0.0") and first["day"].startswith("20")
    assert "182 maxts" in (out / "speed.svg").read_text(encoding="utf-8")
    (kept,) = (folder / "kept").iterdir()
    assert kept.name.endswith("-without-avx512-avxvnni.json")
    assert json.loads(kept.read_text(encoding="utf-8"))["ratios"]["model / decode 1 / ik_llama.cpp"] == 2.0


def check_guard(folder):
    def guard(name, rates):
        return side_by_side(folder, rates, "--out", folder / name, "--guard")

    assert "--keep writes it" in guard("none", [182.14]).stderr
    assert side_by_side(folder, [182.14], "--out", folder / "before", "--keep").returncode == 0
    assert guard("same", [180.0]).returncode == 0
    once = guard("once", [170.0, 182.0])
    assert once.returncode == 0, once.stderr
    assert len(list((folder / "once" / "runs").glob("*-again-maxts-*"))) == 1
    twice = guard("twice", [170.0, 160.0])
    assert twice.returncode == 1 and "decode 1 / ik_llama.cpp: 1.867 and 1.757 times the peer, 2.0 before" in \
        twice.stderr, twice.stderr


def check_words(folder):
    done = subprocess.run([sys.executable, ROOT / "bench" / "side_by_side.py", "m", "x", "--peer", "nobody"],
                          capture_output=True, text=True, check=False)
    assert done.returncode and "not one of llama.cpp," in done.stderr
    done = side_by_side(folder, [1.0], "--peer", "llama.cpp-tree")
    assert done.returncode and "a built tree is needed" in done.stderr
    done = side_by_side(folder, [1.0], "--peer", "llama.cpp-tree=/nonexistent", "--out", folder / "words")
    assert done.returncode and "there is no llama-batched-bench in it" in done.stderr, done.stderr


def main():
    check_readers()
    check_commands()
    with tempfile.TemporaryDirectory() as name:
        check_table(pathlib.Path(name))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        program(folder / "ik" / "llama-batched-bench", TREE.format(python=sys.executable, prefill=PREFILL,
                                                                   decode=DECODE, slow=PREFILL))
        check_guard(folder)
        check_words(folder)


if __name__ == "__main__":
    main()
