#!/usr/bin/env python3
"""maxts beside llama.cpp on the same GGUF files, in one sitting, and maxts over batch, context and threads.

    bench/side_by_side.py MAXTS MODEL[=PROMPT]... [--repeat 5] [--threads 2] [--tokens 50] [--curves] [--out DIR]

PROMPT is the length of the prompt that sequences share, 434 tokens where nothing else is said. Runs `maxts bench` and
bench/peer/peer.py in turn, `repeat` times each, and writes DIR/speed.csv (medians, their range, the ratio, and the
share of what this machine's memory and int8 arithmetic allow, measured in the same runs; load time and peak resident
memory of both) and DIR/speed.svg. --curves adds DIR/curves.csv and DIR/curves.svg: tokens per second and resident
memory of maxts over 1 to 64 sequences, over prompts of up to 8,000 tokens, over 1 to --threads threads. Needs what
bench/peer needs. Let nothing else run meanwhile.

Every run's JSON is kept in DIR/runs and taken from there when the command is given again, so that a table can be
measured in several sittings; remove the folder to measure anew."""
import argparse
import csv
import json
import pathlib
import statistics
import subprocess
import sys

import chart

HERE = pathlib.Path(__file__).resolve().parent
BATCHES = (1, 10, 32)
CURVES = {  # name: options of `maxts bench`
    "sequences": ["--prefill", "512", "--prompt-tokens", "434", "--sequences", "1,2,3,4,6,8,10,12,16,24,32,48,64"],
    "context": ["--prefill", "512", "--prompt-tokens", "16,64,256,512,1024,2048,4096,8000", "--sequences", "1,10"],
}


def run(command, kept):
    """The command's JSON: what `kept` holds, else what it prints now, which is kept."""
    if kept.exists():
        return json.loads(kept.read_text(encoding="utf-8"))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"side_by_side: {' '.join(map(str, command))}: {done.stderr.strip()}")
    result = json.loads(done.stdout)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(result), encoding="utf-8")
    return result


def rates(result, key):
    """{work: (tokens per second, limit or None)} of one engine's JSON."""
    out = {f"prefill {r['tokens']}": (r["tok_per_s"], r.get(key)) for r in result["prefill"]}
    for r in result["decode"]:
        out[f"decode {r['batch']}"] = (r["tok_per_s"], r.get(key))
    return out


def megabytes(results, key):
    """The median over runs of an engine's peak resident memory; None where a run did not say."""
    found = [key(r) for r in results]
    return round(statistics.median(found) / 1e6, 1) if None not in found else None


def shares(memory, machine, work, tok_per_s):
    """What this rate is of the int8 peak and of the rate at which memory is read, the weights once a step."""
    batch = int(work.split()[1])
    return {"share_of_int8": round(tok_per_s * memory["weights"] / machine["int8_gmac_per_s"] / 1e9, 3),
            "share_of_read": round(tok_per_s / batch * memory["weight_bytes"] / machine["read_gb_per_s"] / 1e9, 3)}


def measure(a, model, prompt):
    whole, theirs_whole, stem = [], [], pathlib.Path(model).stem
    for i in range(a.repeat):
        kept = [a.out / "runs" / f"{stem}-{a.threads}-{prompt}-{engine}-{i}.json"
                for engine in ("maxts", f"llama-{a.tokens}")]
        whole.append(run([a.maxts, "bench", "-m", model, "--threads", str(a.threads), "--prompt-tokens", prompt,
                          "--json"], kept[0]))
        theirs_whole.append(run([sys.executable, HERE / "peer" / "peer.py", "speed", model, "--threads",
                                 str(a.threads), "--prompt",
                                 prompt, "--repeat", "1", "--tokens", str(a.tokens), "--sequences",
                                 ",".join(map(str, BATCHES))],
                                kept[1]))
    ours, peers = [rates(r, "limit_tok_per_s") for r in whole], [rates(r, "none") for r in theirs_whole]
    same = {"weights_mb": round(whole[0]["memory"]["weight_bytes"] / 1e6, 1),
            "maxts_peak_mb": megabytes(whole, lambda r: r["decode"][-1]["peak_rss_bytes"]),
            "llama_peak_mb": megabytes(theirs_whole, lambda r: r.get("peak_rss_bytes")),
            "load_s": round(statistics.median(r["load_s"] for r in whole), 3),
            "read_gb_per_s": round(statistics.median(r["cpu"]["read_gb_per_s"] for r in whole), 1),
            "int8_gmac_per_s": round(statistics.median(r["cpu"]["int8_gmac_per_s"] for r in whole))}
    rows = []
    for work in ["prefill 512"] + [f"decode {n}" for n in BATCHES]:
        mine, theirs = [o[work][0] for o in ours], [p[work][0] for p in peers]
        limit = statistics.median(o[work][1] for o in ours)
        mid, other = statistics.median(mine), statistics.median(theirs)
        rows.append({"model": pathlib.Path(model).stem, "work": work, "maxts_tok_per_s": round(mid, 1),
                     "maxts_min": round(min(mine), 1), "maxts_max": round(max(mine), 1),
                     "llama_tok_per_s": round(other, 1),
                     "llama_min": round(min(theirs), 1), "llama_max": round(max(theirs), 1),
                     "ratio": round(mid / other, 2),
                     "limit_tok_per_s": round(limit, 1), "share_of_limit": round(mid / limit, 3)}
                    | shares(whole[0]["memory"], same, work, mid) | same)
        print(rows[-1], file=sys.stderr)
    return rows


def draw(rows, path):
    """Two bars a row, each row on a scale of its own: the ratio is what is compared. Above its rows each model's
    name."""
    line, left, width = 42, 110, 420
    names = list(dict.fromkeys(r["model"] for r in rows))
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 150}" '
             f'height="{line * len(rows) + 30 * len(names) + 30}" '
             'font-family="sans-serif" '
             'font-size="13"><style>text{fill:#222}.t{font-weight:bold}@media(prefers-color-scheme:dark)'
             '{text{fill:#ddd}}</style><text x="8" y="16">tokens per second: maxts (blue), llama.cpp (grey)</text>']
    y = 26
    for name in names:
        parts.append(f'<text class="t" x="8" y="{y + 18}">{name}</text>')
        y += 30
        for r in (r for r in rows if r["model"] == name):
            top = max(r["maxts_tok_per_s"], r["llama_tok_per_s"])
            parts.append(f'<text x="8" y="{y + 18}">{r["work"]}</text>')
            for j, (engine, colour) in enumerate((("maxts", "#3b7dd8"), ("llama", "#b8b8b8"))):
                w = width * r[f"{engine}_tok_per_s"] / top
                parts.append(f'<rect x="{left}" y="{y + j * 16}" width="{w:.1f}" height="14" fill="{colour}"/>'
                             f'<text x="{left + w + 6:.1f}" y="{y + j * 16 + 12}">{r[f"{engine}_tok_per_s"]:.0f} tok/s'
                             + (f' ({r["ratio"]}×)' if engine == "maxts" else "") + "</text>")
            y += line
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
            result = run([a.maxts, "bench", "-m", model, "--threads", str(threads), "--json", *options],
                         a.out / "runs" / f"{stem}-{threads}-{name}.json")
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


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("maxts")
    p.add_argument("models", nargs="+")
    p.add_argument("--repeat", type=int, default=5)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--tokens", type=int, default=50,
                   help="that llama.cpp decodes for a figure; fewer make a run shorter")
    p.add_argument("--curves", action="store_true", help="over sequences, context and threads too, maxts alone")
    p.add_argument("--out", type=pathlib.Path, default=pathlib.Path("bench-results"))
    a = p.parse_args()
    models = [(m.partition("=")[0], m.partition("=")[2] or "434") for m in a.models]
    if a.repeat:
        rows = [row for model, prompt in models for row in measure(a, model, prompt)]
        write(rows, a.out / "speed.csv")
        draw(rows, a.out / "speed.svg")
    if a.curves:
        rows = curves(a, [model for model, _ in models])
        write(rows, a.out / "curves.csv")
        draw_curves(rows, a.out / "curves.svg")


if __name__ == "__main__":
    main()
