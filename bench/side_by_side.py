#!/usr/bin/env python3
"""maxts beside other engines on the same GGUF files, in one sitting, and maxts over batch, context and threads.

    bench/side_by_side.py MAXTS MODEL[=PROMPT]... [--peer NAME[=PATH]]... [--repeat 5] [--threads 2] [--tokens 50]
                          [--cpu-mask LIST] [--scout] [--curves] [--keep] [--guard] [--kept DIR]
                          [--out DIR]

PROMPT is the length of the prompt that sequences share, 434 tokens where nothing else is said. Peers
(bench/adapters.py): llama.cpp (the default; built by bench/peer), llama.cpp-tree=PATH and ik_llama.cpp=PATH (built
trees), mistral.rs=PATH (a built tree or its mistralrs-bench), openvino, xllamacpp, mistralrs, ik_llama.cpp-wheel (each
=PYTHON that has the package). Runs `maxts bench` and each peer in turn, `repeat` times, and writes DIR/speed.csv
(medians, their range, the ratio, the share of what this machine's memory and int8 arithmetic allow, measured in the
same runs; load time and peak resident memory; and for each figure the processor and its clock, the features it went
without, compiler, commit or version of both, the environment and the day) and DIR/speed.svg.

--scout makes long tables short: a first run of each peer in all its variants, which counts for nothing else, says
which variant of which peer is measured for each figure: the fastest one of each peer that comes within 15 % of the
fastest peer. Figures of the peers that do not are left out of the table.

--keep writes the ratios to a file of this processor's family in bench/results/kept; --guard compares with that file: a
model with a ratio below 0.98 of what is kept is measured once more, and only where the same one is below it again does
the command fail.

--curves adds DIR/curves.csv and DIR/curves.svg: tokens per second and resident memory of maxts over 1 to 64 sequences,
over prompts of up to 8,000 tokens, over 1 to --threads threads. Let nothing else run meanwhile.

Every run's JSON is kept in DIR/runs and taken from there when the command is given again, so that a table can be
measured in several sittings; remove the folder to measure anew."""
import argparse
import csv
import dataclasses
import datetime
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys

import adapters
import chart

HERE = pathlib.Path(__file__).resolve().parent
BATCHES = adapters.BATCHES
SLACK = 0.98  # of a kept ratio
NEAR = 0.85   # of the fastest peer: --scout
CURVES = {  # name: options of `maxts bench`
    "sequences": ["--prefill", "512", "--prompt-tokens", "434", "--sequences", "1,2,3,4,6,8,10,12,16,24,32,48,64"],
    "context": ["--prefill", "512", "--prompt-tokens", "16,64,256,512,1024,2048,4096,8000", "--sequences", "1,10"],
}


def kept(path, make):
    """What the file holds, else what make() gives, which is written there."""
    if path.exists():
        return json.loads(path.read_text(encoding="utf-8"))
    result = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result), encoding="utf-8")
    return result


def run(command, environment=None):
    """The command's JSON."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        sys.exit(f"side_by_side: {' '.join(map(str, command))}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def rates(result):
    """{work: (tokens per second, limit)} of `maxts bench`."""
    out = {f"prefill {r['tokens']}": (r["tok_per_s"], r["limit_tok_per_s"]) for r in result["prefill"]}
    for r in result["decode"]:
        out[f"decode {r['batch']}"] = (r["tok_per_s"], r["limit_tok_per_s"])
    return out


def shares(memory, machine, work, tok_per_s):
    """What this rate is of the int8 peak and of the rate at which memory is read, the weights once a step."""
    batch = int(work.split()[1])
    return {"share_of_int8": round(tok_per_s * memory["weights"] / machine["int8_gmac_per_s"] / 1e9, 3),
            "share_of_read": round(tok_per_s / batch * memory["weight_bytes"] / machine["read_gb_per_s"] / 1e9, 3)}


# ---- where it was measured ----

def processor():
    """What /proc/cpuinfo says of the first processor; "family" names the kind of core in a file's name."""
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0]
    except OSError:
        text = ""
    said = {k.strip(): v.strip() for k, _, v in (line.partition(":") for line in text.splitlines())}
    name = said.get("model name") or platform.processor() or platform.machine()
    kind = [said[k] for k in ("vendor_id", "cpu family", "model", "CPU implementer", "CPU part") if k in said]
    return {"name": name, "mhz": said.get("cpu MHz", ""),
            "family": re.sub(r"[^A-Za-z0-9]+", "-", "-".join(kind) or name).strip("-")}


def compiler_of(program):
    """The compiler that is written in the program's .comment section; "" where there is none."""
    found = re.findall(rb"(?:GCC: \([^)]*\) [\d.]+|clang version [\d.]+)", pathlib.Path(program).read_bytes())
    return ", ".join(sorted({f.decode() for f in found}))


def environment_of(a):
    """The variables that a run sees and that could change a figure."""
    env = dict(os.environ)
    if a.cpu_mask:
        env["MAXTS_CPU_MASK"] = a.cpu_mask
    return env, " ".join(f"{k}={env[k]}" for k in sorted(env)
                         if re.match(r"(OMP|GOMP|KMP|GGML|LLAMA|OPENBLAS|RAYON|MAXTS)_", k) and k != "MAXTS_MODEL")


def where(a):
    cpu = processor()
    said = subprocess.run([a.maxts, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    return {"processor": cpu["name"], "mhz": cpu["mhz"], "processors": len(os.sched_getaffinity(0)),
            "threads": a.threads, "without": a.cpu_mask or "", "maxts": f"{said}, {adapters.commit_of(HERE)}",
            "maxts_compiler": compiler_of(a.maxts), "system": platform.platform(), "environment": environment_of(a)[1],
            "day": datetime.date.today().isoformat()}


# ---- the table ----

def spread(name, values):
    return {f"{name}_tok_per_s": round(statistics.median(values), 1), f"{name}_min": round(min(values), 1),
            f"{name}_max": round(max(values), 1)}


def work_of(a, model, prompt):
    """What is asked of an engine, the model's name, and how names of kept runs begin."""
    stem = pathlib.Path(model).stem
    return (adapters.Work(model, int(prompt), a.tokens, a.threads), stem,
            a.out / "runs" / f"{stem}-{a.threads}-{prompt}-{a.cpu_mask or 'all'}")


def scout(a, model, prompt):
    """{peer: figures and variants worth measuring, as pairs}."""
    environment, (work, _, begin) = environment_of(a)[0], work_of(a, model, prompt)
    found = {name: kept(begin.with_name(f"{begin.name}-{name}-{a.tokens}-scout.json"),
                        lambda n=name, p=path: adapters.measure(n, p, work, environment))["rates"]
             for name, path in a.peers}
    top = {}
    for rates in found.values():
        for what, (rate, _) in rates.items():
            top[what] = max(top.get(what, 0), rate)
    return {name: tuple((what, variant) for what, (rate, variant) in rates.items() if rate >= NEAR * top[what])
            for name, rates in found.items()}


def measure(a, model, prompt, again=""):
    """The rows of one model: one for each work and peer. again: a second measurement's mark in the kept runs' names."""
    environment, _ = environment_of(a)
    work, stem, begin = work_of(a, model, prompt)
    only = scout(a, model, prompt) if a.scout else {name: () for name, _ in a.peers}
    begin = begin.with_name(begin.name + again)
    own, theirs = [], {name: [] for name, _ in a.peers if only[name] or not a.scout}
    for i in range(a.repeat):
        own.append(kept(begin.with_name(f"{begin.name}-maxts-{i}.json"), lambda: run(
            [a.maxts, "bench", "-m", model, "--threads", a.threads, "--prompt-tokens", prompt, "--prefill",
             adapters.PREFILL, "--sequences", ",".join(map(str, BATCHES)), "--json"], environment)))
        for name, path in a.peers:
            if name in theirs:
                mine = dataclasses.replace(work, only=only[name])
                theirs[name].append(kept(begin.with_name(f"{begin.name}-{name}-{a.tokens}-{i}.json"),
                                         lambda n=name, p=path, w=mine: adapters.measure(n, p, w, environment)))
    same = {"weights_mb": round(own[0]["memory"]["weight_bytes"] / 1e6, 1),
            "maxts_peak_mb": round(statistics.median(r["decode"][-1]["peak_rss_bytes"] for r in own) / 1e6, 1),
            "load_s": round(statistics.median(r["load_s"] for r in own), 3),
            "read_gb_per_s": round(statistics.median(r["cpu"]["read_gb_per_s"] for r in own), 1),
            "int8_gmac_per_s": round(statistics.median(r["cpu"]["int8_gmac_per_s"] for r in own))}
    ours, place, rows = [rates(r) for r in own], where(a), []
    for what in [f"prefill {adapters.PREFILL}"] + [f"decode {n}" for n in BATCHES]:
        mine, limit = [o[what][0] for o in ours], statistics.median(o[what][1] for o in ours)
        mid = statistics.median(mine)
        for name, runs in theirs.items():
            found = [r["rates"][what] for r in runs if what in r["rates"]]
            if not found:
                continue
            peer = [f[0] for f in found]
            rows.append({"model": stem, "work": what, "peer": name, "variant": max(found)[1]}
                        | spread("maxts", mine) | spread("peer", peer)
                        | {"ratio": round(mid / statistics.median(peer), 3), "limit_tok_per_s": round(limit, 1),
                           "share_of_limit": round(mid / limit, 3)}
                        | shares(own[0]["memory"], same, what, mid) | same
                        | {"peer_version": runs[0]["version"],
                           "left_out": "; ".join(f"{v}: {w}" for v, w in runs[0]["left_out"].items())} | place)
            print(rows[-1], file=sys.stderr)
    return rows


# ---- what was reached before ----

def kept_file(a):
    return a.kept / f"{processor()['family']}{'-without-' + a.cpu_mask.replace(',', '-') if a.cpu_mask else ''}.json"


def key(row):
    return f"{row['model']} / {row['work']} / {row['peer']}"


def below(rows, before):
    """Those rows whose ratio is below what was kept."""
    return {key(r): r["ratio"] for r in rows if key(r) in before and r["ratio"] < SLACK * before[key(r)]}


def guard(a, rows, models):
    """The sentences about ratios that were below the kept ones twice."""
    path = kept_file(a)
    if not path.exists():
        sys.exit(f"side_by_side: {path} is not there: --keep writes it")
    before = json.loads(path.read_text(encoding="utf-8"))["ratios"]
    first, failed = below(rows, before), []
    for model, prompt in models:
        if any(k.startswith(pathlib.Path(model).stem + " / ") for k in first):
            second = below(measure(a, model, prompt, "-again"), before)
            failed += [f"{k}: {first[k]} and {second[k]} times the peer, {before[k]} before"
                       for k in second if k in first]
    return failed


def keep(a, rows):
    path = kept_file(a)
    before = json.loads(path.read_text(encoding="utf-8"))["ratios"] if path.exists() else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"where": where(a), "ratios": before | {key(r): r["ratio"] for r in rows}}, indent=1)
                    + "\n", encoding="utf-8")


def draw(rows, path):
    """A bar an engine, those of one work on a scale of their own: the ratio is what is compared."""
    bar, left, width = 16, 110, 420
    groups, names = {}, dict.fromkeys(r["model"] for r in rows)
    for r in rows:
        groups.setdefault((r["model"], r["work"]), []).append(r)
    height = sum(bar * (1 + len(g)) + 10 for g in groups.values()) + 30 * len(names) + 30
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 250}" height="{height}" '
             'font-family="sans-serif" font-size="13"><style>text{fill:#222}.t{font-weight:bold}'
             '@media(prefers-color-scheme:dark){text{fill:#ddd}}</style>'
             '<text x="8" y="16">tokens per second: maxts (blue), others (grey)</text>']
    y, last = 26, None
    for (model, work), group in groups.items():
        if model != last:
            parts.append(f'<text class="t" x="8" y="{y + 18}">{model}</text>')
            y, last = y + 30, model
        parts.append(f'<text x="8" y="{y + 18}">{work}</text>')
        bars = [("maxts", group[0]["maxts_tok_per_s"], "#3b7dd8", "")]
        bars += [(r["peer"], r["peer_tok_per_s"], "#b8b8b8", f" (maxts {r['ratio']:.2f}×)") for r in group]
        top = max(b[1] for b in bars)
        for name, rate, colour, after in bars:
            w = width * rate / top
            parts.append(f'<rect x="{left}" y="{y}" width="{w:.1f}" height="14" fill="{colour}"/>'
                         f'<text x="{left + w + 6:.1f}" y="{y + 12}">{rate:.0f} {name}{after}</text>')
            y += bar
        y += 10
    path.write_text("\n".join(parts + ["</svg>"]), encoding="utf-8")


def curves(a, models):
    """[{model, curve, threads, sequences, prompt, tok_per_s, peak_rss_mb}] of maxts alone."""
    rows = []
    for model in models:
        stem = pathlib.Path(model).stem
        runs = [(name, a.threads, options) for name, options in CURVES.items()]
        runs += [("threads", n, ["--prefill", "512", "--sequences", "1,10,32"]) for n in range(1, a.threads + 1)
                 if n & (n - 1) == 0 or n == a.threads]
        for name, threads, options in runs:
            result = kept(a.out / "runs" / f"{stem}-{threads}-{name}.json", lambda n=threads, o=options, m=model: run(
                [a.maxts, "bench", "-m", m, "--threads", n, "--json", *o], environment_of(a)[0]))
            rows += [{"model": stem, "curve": name, "threads": threads, "sequences": r["batch"], "prompt": r["prompt"],
                      "tok_per_s": round(r["tok_per_s"], 1), "peak_rss_mb": round(r["peak_rss_bytes"] / 1e6, 1)}
                     for r in result["decode"]]
            rows += [{"model": stem, "curve": name, "threads": threads, "sequences": "", "prompt": r["tokens"],
                      "tok_per_s": round(r["tok_per_s"], 1), "peak_rss_mb": ""} for r in result["prefill"]
                      if name == "threads"]
    return rows


def draw_curves(rows, path):
    names, panels = [], []

    def panel(title, curve, x, y, keep, label):
        lines = {}
        for r in rows:
            if r["curve"] == curve and keep(r):
                lines.setdefault(label(r), []).append((float(r[x]), float(r[y]), 0.0))
        names.extend(n for n in lines if n not in names)
        panels.append((title, lines))

    def model(r):
        return r["model"][:12]

    panel("tokens per second over sequences, prompt of 434", "sequences", "sequences", "tok_per_s", lambda r: True,
          model)
    panel("peak resident memory, MB, over sequences", "sequences", "sequences", "peak_rss_mb", lambda r: True, model)
    panel("tokens per second over the prompt, one sequence", "context", "prompt", "tok_per_s",
          lambda r: r["sequences"] == 1, model)
    panel("tokens per second over the prompt, ten sequences", "context", "prompt", "tok_per_s",
          lambda r: r["sequences"] == 10, model)
    panel("prefill of 512 over threads", "threads", "threads", "tok_per_s", lambda r: r["sequences"] == "", model)
    panel("ten sequences over threads", "threads", "threads", "tok_per_s", lambda r: r["sequences"] == 10, model)
    path.write_text(chart.lines(panels, names, "sequences, prompt tokens or threads"), encoding="utf-8")


def write(rows, path):
    with open(path, "w", newline="", encoding="utf-8") as f:
        w = csv.DictWriter(f, rows[0].keys())
        w.writeheader()
        w.writerows(rows)


def read_peer(text):
    name, _, path = text.partition("=")
    if name not in adapters.ADAPTERS:
        raise argparse.ArgumentTypeError(f"{name}: not one of {', '.join(adapters.ADAPTERS)}")
    if adapters.ADAPTERS[name].needs_path and not path:
        raise argparse.ArgumentTypeError(f"{name}: a built tree is needed, {name}=PATH")
    return name, path


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("maxts")
    p.add_argument("models", nargs="+")
    p.add_argument("--peer", dest="peers", action="append", type=read_peer, metavar="NAME[=PATH]")
    p.add_argument("--repeat", type=int, default=5)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--tokens", type=int, default=50, help="that a peer decodes for a figure; fewer make a run shorter")
    p.add_argument("--cpu-mask", help="features that maxts does without; build the peers without them too")
    p.add_argument("--scout", action="store_true", help="measure what a first run says is fastest, and nothing else")
    p.add_argument("--curves", action="store_true", help="over sequences, context and threads too, maxts alone")
    p.add_argument("--keep", action="store_true", help="the ratios are what later ones are held to")
    p.add_argument("--guard", action="store_true", help="fail where a ratio is below the kept one, twice")
    p.add_argument("--kept", type=pathlib.Path, default=HERE / "results" / "kept", help="where ratios are kept")
    p.add_argument("--out", type=pathlib.Path, default=pathlib.Path("bench-results"))
    a = p.parse_args()
    a.peers = a.peers or [("llama.cpp", "")]
    return a


def main():
    a = arguments()
    models = [(m.partition("=")[0], m.partition("=")[2] or "434") for m in a.models]
    failed = []
    if a.scout and not a.repeat:
        for model, prompt in models:
            scout(a, model, prompt)
    if a.repeat:
        rows = [row for model, prompt in models for row in measure(a, model, prompt)]
        write(rows, a.out / "speed.csv")
        draw(rows, a.out / "speed.svg")
        failed = guard(a, rows, models) if a.guard else []
        if a.keep:
            keep(a, rows)
    if a.curves:
        rows = curves(a, [model for model, _ in models])
        write(rows, a.out / "curves.csv")
        draw_curves(rows, a.out / "curves.svg")
    if failed:
        sys.exit("side_by_side: slower than before:\n" + "\n".join(failed))


if __name__ == "__main__":
    main()
