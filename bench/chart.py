"""Small multiples of lines with error bars as one SVG, readable on light and on dark pages. Used by the scripts beside
it."""
import html
import math

COLOURS = ["#7a7a7a", "#d9542b", "#2a9d62", "#9a5bd0", "#b8860b", "#d43f8d", "#2aa3b5", "#a0522d", "#2f6fde", "#6b8e23",
           "#5d4037"]
STYLE = ("text{fill:#222;font:12px sans-serif}.t{font-weight:bold}.g{stroke:#ccc}.a{stroke:#888}"
         "@media(prefers-color-scheme:dark){text{fill:#ddd}.g{stroke:#444}}")
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 400, 250, 56, 30, 40


def nice_ticks(low, high, most=5):
    """Round numbers from low to high, at most `most` steps apart."""
    span = high - low or abs(high) or 1
    step = 10 ** math.floor(math.log10(span / most))
    step *= next(f for f in (1, 2, 5, 10) if span / (step * f) <= most)
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]


def panel(out, at, title, lines, names, x_label, log_x):
    """lines: {name: [(x, y, error)]}; `at`: its upper left corner."""
    points = [p for line in lines.values() for p in line]
    scale = (lambda v: math.log2(v)) if log_x else (lambda v: v)
    xs = [scale(p[0]) for p in points]
    low, high = min(p[1] - p[2] for p in points), max(p[1] + p[2] for p in points)
    pad = 0.05 * ((high - low) or 1)
    low, high = low - pad, high + pad
    left, right = min(xs), max(xs) if max(xs) > min(xs) else min(xs) + 1

    def place(x, y):
        return (at[0] + LEFT + (scale(x) - left) / (right - left) * (WIDTH - LEFT - 14),
                at[1] + TOP + (high - y) / (high - low) * (HEIGHT - TOP - BOTTOM))

    bottom = at[1] + HEIGHT - BOTTOM
    out.append(f'<text class="t" x="{at[0] + LEFT}" y="{at[1] + 18}">{html.escape(title)}</text>')
    for y in nice_ticks(low, high):
        py = place(points[0][0], y)[1]
        out.append(f'<line class="g" x1="{at[0] + LEFT}" x2="{at[0] + WIDTH - 14}" y1="{py:.1f}" y2="{py:.1f}"/>'
                   f'<text x="{at[0] + LEFT - 6}" y="{py + 4:.1f}" text-anchor="end">{y:.6g}</text>')
    ticks = [2.0 ** k
             for k in range(math.ceil(left - 1e-9), math.floor(right + 1e-9) + 1)] if log_x else nice_ticks(left, right)
    for x in ticks:
        px = place(x, low)[0]
        out.append(f'<line class="a" x1="{px:.1f}" x2="{px:.1f}" y1="{bottom}" y2="{bottom + 4}"/>'
                   f'<text x="{px:.1f}" y="{bottom + 17}" text-anchor="middle">{x:.6g}</text>')
    out.append(f'<text x="{at[0] + (LEFT + WIDTH) / 2}" y="{bottom + 33}" '
               f'text-anchor="middle">{html.escape(x_label)}</text>')
    for name, line in lines.items():
        colour = COLOURS[names.index(name) % len(COLOURS)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(p[0], p[1]) for p in line))
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
        for x, y, e in line:
            (px, up), (_, down), (_, py) = place(x, y + e), place(x, y - e), place(x, y)
            out.append(f'<path d="M{px:.1f} {up:.1f}V{down:.1f}" stroke="{colour}"/><circle cx="{px:.1f}" '
                       f'cy="{py:.1f}" r="2.6" '
                       f'fill="{colour}"/>')


def lines(panels, names, x_label, columns=2, log_x=True):
    """panels: [(title, {name: [(x, y, error)]})], empty ones left out; the legend is above them all."""
    panels = [(title, {n: sorted(points) for n, points in each.items() if points}) for title, each in panels]
    panels = [(title, each) for title, each in panels if each]
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    per_line = max(1, columns * WIDTH // 110)
    head = 22 * -(-len(names) // per_line) + 8
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{columns * WIDTH}" height="{head + rows * HEIGHT}" '
           f'role="img"><style>{STYLE}</style>']
    for i, name in enumerate(names):
        x, y = 12 + i % per_line * 110, 18 + i // per_line * 22
        out.append(f'<line x1="{x}" x2="{x + 20}" y1="{y - 4}" y2="{y - 4}" stroke="{COLOURS[i % len(COLOURS)]}" '
                   f'stroke-width="3"/>'
                   f'<text x="{x + 26}" y="{y}">{html.escape(name)}</text>')
    for i, (title, each) in enumerate(panels):
        panel(out, (i % columns * WIDTH, head + i // columns * HEIGHT), title, each, names, x_label, log_x)
    return "\n".join(out + ["</svg>"]) + "\n"
