"""maxts report: pages that stand on their own and say what the records say, whatever is written in them."""
import csv
import html.parser
import json
import pathlib
import re
import statistics
import sys
import xml.etree.ElementTree

import report_runs
from program import check, fail, finish, refuse, run, work_dir, write_table

HOSTILE = "</td><script>alert('1')</script>&amp; \"x\" '] ]]> <!-- \u202e %s {} \\ | $& =cmd() \u00e9\u6f22"


class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)


def report(folder, *files, **options):
    out = folder / "page.html"
    more = [word for name, value in options.items() for word in (f"--{name}", value)]
    done = run("report", *files, "-o", out, *more)
    check(done.returncode == 0, f"exit {done.returncode}: {done.stderr.decode()}")
    return out.read_text(encoding="utf-8"), json.loads(done.stdout)


def parse(page):
    check(page.startswith("<!DOCTYPE html>\n<html lang=\"en\">"), "the page does not begin as HTML")
    try:
        tree = xml.etree.ElementTree.fromstring(page.split("\n", 1)[1])
    except xml.etree.ElementTree.ParseError as error:
        line = page.split("\n", 1)[1].split("\n")[error.position[0] - 1]
        fail(f"the page is not well-formed: {error}: {line[max(0, error.position[1] - 80):error.position[1] + 80]}")
    tags = Tags()
    tags.feed(page)
    check(tags.seen <= {"html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "h3", "p", "nav", "ul",
                        "li", "a", "main", "section", "dl", "dt", "dd", "details",
                        "summary", "pre", "div", "table", "caption", "thead", "tbody", "tr", "th", "td", "small",
                        "figure", "figcaption", "svg", "desc", "path", "text", "g", "rect",
                        "circle", "span", "b", "i", "bdi", "code", "br"},
                        f"elements that the report has no use for: {sorted(tags.seen)}")
    return tree


def stands_alone(page, tree):
    ids = [node.get("id") for node in tree.iter() if node.get("id")]
    check(len(ids) == len(set(ids)), "an id is there twice")
    for node in tree.iter():
        for name, value in node.attrib.items():
            check(name not in ("src", "srcset", "data", "action", "onload", "xlink:href")
                  and not name.startswith("on"), f"attribute {name}")
            if name == "href":
                check(value.startswith("#") and value[1:] in ids, f"a link to {value}")
            if name == "aria-labelledby":
                check(all(word in ids for word in value.split()), f"labelled by {value}, which is nowhere")
    check("http:" not in page and "https:" not in page and "@import" not in page and "url(" not in page
          and "<script" not in page, "the page refers to something outside it")
    for table in tree.iter("table"):
        check(table[0].tag == "caption", "a table without caption")
        check(all(cell.get("scope") for cell in table.iter("th")), "a heading that does not say of what")
    for drawing in tree.iter("svg"):
        check(drawing.get("aria-hidden") or drawing[0].tag == "title", "a drawing without title")


def boxes(chart):
    """Where a chart's texts are, generously; turned ones apart."""
    for text in chart.iter("text"):
        if text.get("transform"):
            continue
        width = 7.4 * len("".join(text.itertext())) * (1 if "name" not in text.get("class", "") else 1)
        x, y, role = float(text.get("x")), float(text.get("y")), text.get("class", "")
        left = x - width if "end" in role else x - width / 2 if "mid" in role else x
        yield left, y - 11, left + width, y + 3, "".join(text.itertext())


def nothing_overlaps(tree):
    charts = [node for node in tree.iter("svg") if node.get("class") == "chart"]
    for chart in charts:
        _, _, width, height = map(float, chart.get("viewBox").split())
        found = list(boxes(chart))
        turned = any(text.get("transform") for text in chart.iter("text"))
        for i, a in enumerate(found):
            check(not turned or a[0] > 18, f"\"{a[4]}\" lies over what stands upright in {chart[0].text}")
            check(a[0] > -4 and a[2] < width + 4 and a[1] > -4 and a[3] < height + 4,
                  f"{a} lies outside of {width} x {height}")
            for b in found[:i]:
                apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
                check(apart, f"\"{a[4]}\" lies over \"{b[4]}\" in {chart[0].text}")
        for path in chart.iter("path"):
            check("nan" not in path.get("d") and "inf" not in path.get("d"), f"a path with no place in {chart[0].text}")
    return len(charts)


def other_kinds(folder):
    for path in report_runs.more_runs(folder):
        page, _ = report(folder, path)
        tree = parse(page)
        stands_alone(page, tree)
        check(nothing_overlaps(tree) >= 4, f"{path}: charts are missing")


def whole_pages(folder):
    files = report_runs.all_runs(folder)
    page, said = report(folder, *files)
    tree = parse(page)
    stands_alone(page, tree)
    check(nothing_overlaps(tree) >= 30, "charts are missing")
    check([run["records"] for run in said["runs"]] == [run["expected"] for run in said["runs"]]
          and len(said["runs"]) == 4, f"{said}")
    check("unfinished" not in page, "whole runs are called unfinished")
    best_stand_out(page)
    again, _ = report(folder, *files)
    check(page == again, "the same records gave another page")
    for index, path in enumerate(files):
        one, _ = report(folder, path)
        stands_alone(one, parse(one))
        head = json.loads(path.read_text().split("\n")[0])
        keys = ["".join(row[0].itertext()) for table in parse(one).iter("table") if table.get("class") == "samples"
                for row in table.find("tbody")]
        check(keys == head["samples"], f"{path}: samples {keys}")
        for title in ("Reward against NFE", "Seconds a sample", "Distinct pairs of words", "Depth of the tree",
                      "Children of an inner node", "Power spectral density"):
            check(title in one, f"{path}: no {title}")
    check("Accuracy against NFE" in page and "sMAPE, % against NFE" in page and "Seconds against rollouts" in page,
          "a figure is missing")
    check("what each optimisation brings" in page, "the table of optimisations is missing")
    check("its search tree" in page and page.count("<ul class=\"tree\">") >= 20, "trees are missing")
    check(page.count(" thin dashed\" d=\"M") > len(files), "what costs nothing is no level in the figures")
    few, _ = report(folder, files[0], samples=3)
    classes_hold(few, files[0])
    check(len(few) < len(page) / 4 and "21 more samples" in few,
          "--samples 3 does not hold samples back, or does not say so")
    return files


def classes_hold(page, path):
    """The tables of classes count the records."""
    records = [json.loads(line) for line in path.read_text().splitlines()[1:]]
    tables = [table for table in parse(page).iter("table") if table.get("class") == "confusion"]
    check(len(tables) == 4, f"{len(tables)} tables of classes")
    for table in tables:
        method = "".join(table[0].itertext()).split(":")[0]
        columns = ["".join(cell.itertext()) for cell in table.find("thead")[0]][1:]
        for row in table.find("tbody"):
            label = "".join(row[0].itertext())
            for given, cell in zip(columns, row[1:]):
                want = sum(r["method"] == method and r["scores"]["label"] == label
                           and (r["scores"]["predicted"] or "no answer") == given for r in records)
                check(int(cell.text) == want, f"{method}: {label} as {given}: {cell.text}, not {want}")


def best_stand_out(page):
    """Of each column that is good or bad one way, the best number is bold and no other; long tables are in groups."""
    tables = [table for table in parse(page).iter("table") if "how good" in "".join(table[0].itertext())]
    better = {"Accuracy": max, "Reward": max, "sMAPE, %": min, "Total variation": min}
    seen = 0
    for table in tables:
        names = ["".join(cell.itertext()) for cell in table.find("thead")[0]]
        rows = [row for body in table.iter("tbody") for row in body]
        for k, name in enumerate(names):
            if name in better:
                cells = [row[k] for row in rows]
                values = [float(c[0].text if len(c) and c[0].tag == "b" else c.text) for c in cells]
                bold = [v for row, v in zip(rows, values) if row[k].find("b") is not None]
                check(set(bold) <= {better[name](values)}, f"{name}: {bold} of {values}")
                seen += len(bold)
        methods = ["".join(row[0].itertext()) for row in rows]
        groups = 1 + sum(a != b for a, b in zip(methods, methods[1:])) if len(rows) >= 8 else 1
        check(len(list(table.iter("tbody"))) == groups, f"{len(rows)} rows in {len(list(table.iter('tbody')))} groups")
    check(seen >= 4, f"{seen} numbers stand out")
    check("SmolLM2 135M Instruct Q4_1" in page, "the title does not say the quantisation")


def number(cell):
    return float(cell) if cell else None


def numbers_hold(folder, files):
    md, tex, table = folder / "t.md", folder / "t.tex", folder / "t.csv"
    report(folder, *files, markdown=md, latex=tex, csv=table)
    rows = list(csv.DictReader(table.open(newline="", encoding="utf-8")))
    check(len(rows) == 4 + 4 + 10 + 7, f"{len(rows)} rows")
    records = [json.loads(line) for line in files[0].read_text().splitlines()[1:]]
    for row in rows:
        if row["stage"] != "har":
            continue
        own = [r for r in records if r["method"] == row["method"]]
        per_sample = {}
        for r in own:
            per_sample.setdefault(r["sample"], []).append(r)
        for name, value in (("reward", lambda r: r["reward"]), ("accuracy", lambda r: float(r["correct"])),
                            ("nfe", lambda r: float(r["nfe"]))):
            want = statistics.fmean(statistics.fmean(map(value, rs)) for rs in per_sample.values())
            check(abs(number(row[name]) - want) < 1e-9 * abs(want),
                  f"{row['method']}: {name} is {row[name]}, not {want}")
            check(number(row[name + "_low"]) < want < number(row[name + "_high"]) and row[name + "_n"] == "24",
                  f"{row['method']}: interval of {name}")
        check(row["missing"] == str(sum(r["scores"]["predicted"] is None for r in own)), "answers that are missing")
    tables = [block for block in md.read_text().split("\n\n") if block.startswith("|")]
    check(len(tables) == 14, f"{len(tables)} tables in Markdown")
    for block in tables:
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.split("\n")}
        check(len(widths) == 1, f"a Markdown table with rows of {widths} cells")
    text = tex.read_text()
    check(text.count("\\begin{tabular}") == text.count("\\end{tabular}") == 14 and text.isascii()
          and "booktabs" not in text and "toprule" not in text, "LaTeX tables")
    for block in text.split("\\begin{tabular}{")[1:]:
        width = len(block.split("}")[0])
        for line in block.split("\\end{tabular}")[0].split("\n")[2:]:
            if line.endswith("\\\\"):
                check(len(re.findall(r"(?<!\\)&", line)) == width - 1, f"a LaTeX row of another width: {line}")


def lines_join_one_setting(folder):
    """A grid of two settings: a line joins rows that differ in what it runs along and in nothing else."""
    table, run_file = write_table(folder), folder / "two-settings.jsonl"
    done = run("eval", "-m", table, "--method", "greedy,best-of-n,maxent-ts", "--rollouts", "2,3,5",
               "--lambda", "0.5,3", "--seeds", "0..3", "--out", run_file)
    check(done.returncode == 0, done.stderr.decode())
    page = report(folder, run_file)[0]
    colours, panels = {}, {}
    for title, body in re.findall(r"<figure><figcaption>([^<]* against [^<]*)</figcaption>(.*?)</figure>", page, re.S):
        points = {}
        for mark, says in re.findall(r'<g><title>([^<]*)</title>.*?class="c(\d+) [fl]" transform', body, re.S):
            words = mark.split(":")[0].split()
            points.setdefault(words[0], []).append(words[1] if len(words) > 1 else "")
            colours.setdefault(words[0], set()).add(says)
        panels.setdefault(title.split(",")[0], []).append(title)
        places = re.findall(r'class="(c\d+) [fl]" transform="translate\(([-0-9.]+) ([-0-9.]+)\)', body.split("<ul")[0])
        check(len({p[1:] for p in places}) == len(set(places)), f"{title}: a mark hides another: {places}")
        ticks = [float(t) for t in re.findall(r'<text class="mid"[^>]*>([-0-9.e]+)</text>', body)]
        check(all(len(f"{t:g}".replace("-", "").replace(".", "").strip("0")) <= 2 for t in ticks),
              f"{title}: numbers that nobody writes beside an axis: {ticks}")
        along = "lambda" if " against lambda" in title else "rollouts"
        for method, variants in points.items():
            others = {re.sub(rf"(^|,){along}=[^,]*", "", variant) for variant in variants}
            check(len(others) == 1, f"{title}: {method} has {variants} on one line")
        drawn = [len(re.findall("[ML]", d)) for d in re.findall(r'class="c\d+ l" d="(M[^"]*)"', body)]
        wanted = sorted(len(v) for v in points.values() if len(v) > 1)
        check(sorted(drawn) == wanted, f"{title}: lines of {drawn} points instead of {wanted}")
    check(all(len(c) == 1 for c in colours.values()), f"a method has several colours: {colours}")
    check(len({min(c) for c in colours.values()}) == 3, f"two methods have one colour: {colours}")
    check(panels["Reward against NFE"] == ["Reward against NFE, λ 0.5", "Reward against NFE, λ 3"], panels)
    check(len(panels["Reward against lambda"]) == 3, panels)
    check("Only 1 sample:" in page, "few samples are not said")


def hostile_words(folder):
    """Words come out as they went in, as text and nowhere else."""
    head = report_runs.head("har", ["greedy", "maxent-ts"], 2, model=HOSTILE)
    items = list(report_runs.records(head))
    bad = HOSTILE + "\x01\x1b[31m"
    names = {"har:1": "key " + HOSTILE, "har:2": "har:2"}
    head["samples"] = list(names.values())
    for key in ("reward", "constraint", "target", "stage"):
        head[key] = HOSTILE
    head["settings"]["preset"] = HOSTILE
    for run_ in head["runs"]:
        run_["variant"] = HOSTILE
    for r in items:
        r.update(sample=names[r["sample"]], variant=HOSTILE, answer=bad * 4, answer_rule=HOSTILE, truth=HOSTILE,
                 group=HOSTILE, method=r["method"] + HOSTILE)
        r["scores"] = {"label": HOSTILE, "predicted": HOSTILE, HOSTILE: 3}
        r["series"][0]["name"] = HOSTILE
        for node in r.get("explain", []):
            node["token"] = bad
    path = report_runs.write(folder / "hostile.jsonl", head, items)
    outputs = {name: folder / f"h.{name}" for name in ("markdown", "latex", "csv")}
    page, _ = report(folder, path, **outputs)
    tree = parse(page)
    check("<script" not in page and "onload" not in page, "a hostile text became markup")
    text = "".join(tree.itertext())
    check(text.count(HOSTILE) > 20, "hostile texts are not shown as they are")
    check(bad.replace("\x01", "\ufffd").replace("\x1b", "\ufffd") * 4 in text, "an answer is not shown whole")
    for node in tree.iter():
        for name, value in node.attrib.items():
            check(name in ("class", "id", "lang", "charset", "name", "content", "http-equiv", "href", "scope", "role",
                           "title", "style", "open", "aria-label", "aria-labelledby", "aria-hidden",
                           "viewBox", "width", "height", "x", "y", "cx", "cy", "r", "d", "transform"),
                           f"attribute {name}")
            check("alert" not in value, f"a hostile text is in attribute {name}")
    rows = list(csv.DictReader(outputs["csv"].open(newline="", encoding="utf-8")))
    check(rows[0]["variant"] == HOSTILE and rows[0]["stage"] == HOSTILE, "CSV changed a text")
    check(outputs["latex"].read_text().isascii(), "LaTeX has characters that it may not know")
    check("<" not in re.sub(r"\\<", "", outputs["markdown"].read_text()), "Markdown lets markup through")


def strange_numbers(folder):
    head = report_runs.head("forecast", ["maxent-ts"], 3)
    items = list(report_runs.records(head))
    for i, r in enumerate(items):
        r.update(reward=[0, 1e300, -1e300][i], nfe=[0, 1, 10**15][i], seconds=None,
                 output=[[], [1e308, -1e308], [0]][i], log_z=-1e308)
        r["series"] = [[], [{"name": "", "values": []}], [{"name": "x", "values": [5.0] * 30}]][i]
        r["explain"] = [{"depth": d, "token": "x", "logp": -1e9} for d in ([7, 9, -10**12, 3, 4, 5, 10**12, 6], [],
                                                                           list(range(200)))[i]]
    page, _ = report(folder, report_runs.write(folder / "strange.jsonl", head, items))
    stands_alone(page, parse(page))
    head = report_runs.head("m4", ["maxent-ts"], 1)
    bare = [{"key": "a", "sample": "m4:1", "method": "maxent-ts"}]
    page, _ = report(folder, report_runs.write(folder / "bare.jsonl", head, bare))
    check("m4:1" in page, "a record with nothing but its key is not shown")
    parse(page)
    page, _ = report(folder, report_runs.write(folder / "none.jsonl", head, []))
    check("unfinished: 0 of 1" in page, "a run without records does not say so")
    parse(page)


def spoilt_files(folder):
    """Bytes changed, lost and doubled anywhere: a sentence or a whole page, never anything else."""
    whole = (folder / "classes.jsonl").read_bytes()
    lines = whole.split(b"\n")[:4]
    text = b"\n".join(lines) + b"\n"
    chance, path, pages = report_runs.Chance(5), folder / "spoilt.jsonl", 0
    for turn in range(150):
        data = bytearray(text)
        for _ in range(1 + int(3 * chance.uniform())):
            at, what = int(chance.uniform() * len(data)), int(4 * chance.uniform())
            if what == 0:
                data[at] = int(256 * chance.uniform())
            elif what == 1:
                del data[at:at + int(40 * chance.uniform())]
            elif what == 2:
                data[at:at] = data[at // 2:at // 2 + 30]
            else:
                data[at:at + 1] = [b"9e99", b"-", b"[]", b"null", b"{}", b"\"", b"\\ud800"][turn % 7]
        path.write_bytes(data)
        out = folder / "spoilt.html"
        done = run("report", path, "-o", out)
        check(done.returncode in (0, 1), f"turn {turn}: exit {done.returncode}: {done.stderr.decode()}")
        if done.returncode == 0:
            pages += 1
            stands_alone(out.read_text(encoding="utf-8"), parse(out.read_text(encoding="utf-8")))
        else:
            check(done.stderr.startswith(b"maxts: ") and done.stderr.count(b"\n") == 1, f"turn {turn}: {done.stderr!r}")
    check(10 < pages < 140, f"{pages} of 150 spoilt files were whole")


def parts(folder):
    """Unfinished runs say so; the shards of a run are one."""
    head = report_runs.head("har", ["greedy", "maxent-ts"], 8, seeds=(0, 1))
    items = list(report_runs.records(head))
    whole, _ = report(folder, report_runs.write(folder / "whole.jsonl", head, items))
    half = folder / "half.jsonl"
    half.write_bytes((folder / "whole.jsonl").read_bytes()[:-2000])
    page, said = report(folder, half)
    records = said["runs"][0]["records"]
    check(0 < records < 24 and f"unfinished: {records} of 24 records" in page,
          "an interrupted run does not say what it lacks")
    markdown = folder / "half.md"
    report(folder, half, markdown=markdown)
    check("unfinished" in markdown.read_text(), "Markdown does not say that the run is unfinished")
    shards = []
    for k in (0, 1):
        own = {**head, "shard": f"{k}/2"}
        shards.append(report_runs.write(folder / f"shard{k}.jsonl", own,
                                        [r for r in items if head["samples"].index(r["sample"]) % 2 == k]))
    page, _ = report(folder, shards[0])
    check("unfinished" not in page and "0/2" in page,
          "a whole shard is called unfinished, or does not say that it is one")
    joined, said = report(folder, *shards)
    check(said["runs"][0]["records"] == 24 and len(said["runs"]) == 1, f"{said}")
    without = [re.sub(r"<dt>Files</dt><dd>.*?</dd>", "", text) for text in (whole, joined)]
    check(without[0] == without[1], "the shards of a run show something else than the run")
    refuse(2, [str(shards[0]), "is in another file of the same run"], "report", folder / "whole.jsonl", shards[0],
           "-o", folder / "x.html")


def refusals(folder):
    good = folder / "whole.jsonl"
    out = folder / "never.html"
    refuse(2, ["which runs?"], "report", "-o", out)
    refuse(2, ["what shall be written?"], "report", good)
    refuse(1, ["no-such.jsonl"], "report", folder / "no-such.jsonl", "-o", out)
    broken = folder / "broken.jsonl"
    lines = good.read_text().splitlines(keepends=True)
    for text, words in (("", "has no head"), ("{}\n", "line 1 is not the head"),
                        (lines[0] + lines[1][:-9] + "\n", "line 2: is not valid JSON"),
                        (lines[0] + lines[1] + lines[1], "line 3 repeats the key"),
                        (lines[0] + lines[1] + "7\n", "line 3 is no JSON object"),
                        (lines[0] + lines[1].replace('"nfe": ', '"nfe": "x", "nf": '), "line 2: \"nfe\" is no number")):
        broken.write_text(text)
        refuse(1, [str(broken), words], "report", broken, "-o", out)
    check(not out.exists(), "a page was written for a broken file")
    refuse(1, ["nowhere"], "report", good, "-o", folder / "nowhere" / "x.html")


def main():
    with work_dir() as name:
        folder = pathlib.Path(name)
        files = whole_pages(folder)
        other_kinds(folder)
        numbers_hold(folder, files)
        lines_join_one_setting(folder)
        hostile_words(folder)
        strange_numbers(folder)
        spoilt_files(folder)
        parts(folder)
        refusals(folder)
    finish(2000)


if __name__ == "__main__":
    sys.exit(main())
