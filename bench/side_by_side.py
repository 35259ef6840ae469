#!/usr/bin/env python3
"""maxts beside llama.cpp on the same GGUF files, in one sitting.

    bench/side_by_side.py MAXTS MODEL... [--repeat 5] [--threads 2] [--tokens 50] [--out DIR]

Runs `maxts bench` and bench/peer/peer.py in turn, `repeat` times each, and writes DIR/speed.csv (medians, their range, the ratio,
and the share of what this machine's memory and int8 arithmetic allow, measured in the same runs) and DIR/speed.svg. Needs what
bench/peer needs. Let nothing else run meanwhile.

Every run's JSON is kept in DIR/runs and taken from there when the command is given again, so that a table can be measured in
several sittings; remove the folder to measure anew."""
import argparse
import csv
import json
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
BATCHES = (1, 10, 32)


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


def measure(a, model):
    ours, peers, stem = [], [], pathlib.Path(model).stem
    for i in range(a.repeat):
        kept = [a.out / "runs" / f"{stem}-{a.threads}-{engine}-{i}.json" for engine in ("maxts", f"llama-{a.tokens}")]
        ours.append(rates(run([a.maxts, "bench", "-m", model, "--threads", str(a.threads), "--json"], kept[0]), "limit_tok_per_s"))
        peers.append(rates(run([sys.executable, HERE / "peer" / "peer.py", "speed", model, "--threads", str(a.threads), "--repeat",
                                "1", "--tokens", str(a.tokens), "--sequences", ",".join(map(str, BATCHES))], kept[1]), "none"))
    rows = []
    for work in ["prefill 512"] + [f"decode {n}" for n in BATCHES]:
        mine, theirs = [o[work][0] for o in ours], [p[work][0] for p in peers]
        limit = statistics.median(o[work][1] for o in ours)
        mid, other = statistics.median(mine), statistics.median(theirs)
        rows.append({"model": pathlib.Path(model).stem, "work": work, "maxts_tok_per_s": round(mid, 1),
                     "maxts_min": round(min(mine), 1), "maxts_max": round(max(mine), 1), "llama_tok_per_s": round(other, 1),
                     "llama_min": round(min(theirs), 1), "llama_max": round(max(theirs), 1), "ratio": round(mid / other, 2),
                     "limit_tok_per_s": round(limit, 1), "share_of_limit": round(mid / limit, 3)})
        print(rows[-1], file=sys.stderr)
    return rows


def draw(rows, path):
    """Two bars a row on a linear scale of its own: the ratio is what is compared."""
    line, left, width = 44, 260, 420
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 150}" height="{line * len(rows) + 40}" '
             'font-family="sans-serif" font-size="13"><style>text{fill:#222}@media(prefers-color-scheme:dark){text{fill:#ddd}}</style>']
    for i, r in enumerate(rows):
        y, top = 30 + i * line, max(r["maxts_tok_per_s"], r["llama_tok_per_s"])
        parts.append(f'<text x="8" y="{y + 18}">{r["model"][:22]} {r["work"]}</text>')
        for j, (name, colour) in enumerate((("maxts", "#3b7dd8"), ("llama", "#b8b8b8"))):
            w = width * r[f"{name}_tok_per_s"] / top
            parts.append(f'<rect x="{left}" y="{y + j * 16}" width="{w:.1f}" height="14" fill="{colour}"/>'
                         f'<text x="{left + w + 6:.1f}" y="{y + j * 16 + 12}">{r[f"{name}_tok_per_s"]:.0f} tok/s'
                         + (f' ({r["ratio"]}×)' if name == "maxts" else "") + "</text>")
    parts.append('<text x="8" y="16">tokens per second: maxts (blue), llama.cpp (grey)</text></svg>')
    path.write_text("\n".join(parts), encoding="utf-8")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("maxts")
    p.add_argument("models", nargs="+")
    p.add_argument("--repeat", type=int, default=5)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--tokens", type=int, default=50, help="that llama.cpp decodes for a figure; fewer make a run shorter")
    p.add_argument("--out", type=pathlib.Path, default=pathlib.Path("bench-results"))
    a = p.parse_args()
    rows = [row for model in a.models for row in measure(a, model)]
    a.out.mkdir(parents=True, exist_ok=True)
    with open(a.out / "speed.csv", "w", newline="", encoding="utf-8") as f:
        w = csv.DictWriter(f, rows[0].keys())
        w.writeheader()
        w.writerows(rows)
    draw(rows, a.out / "speed.svg")


if __name__ == "__main__":
    main()
