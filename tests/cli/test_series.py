#!/usr/bin/env python3
"""maxts series, and the options that say how a table is read."""
import json
import pathlib

from program import TINY, ask, check, finish, refuse, run, work_dir

TABLES = {
    "euro.csv": "step;load\n1;10,5\n2;11,2\n3;9,9\n",
    "typo.csv": "t,v\n1,10\n2,1O\n3,12\n",
    "thousands.csv": 't,v\n1,"1,234"\n2,"1,240"\n',
    "gaps.csv": "date,v\n2020-01-01,1\n2020-01-02,\n2020-01-03,3\n",
    "marked.csv": "v\n5\n6\n-99\nx\n",
    "plain.csv": "1\n2\n3\n",
    "many.csv": "country,2019,2020\nA,1,2\nB,3,4\n",
}


def shown(folder):
    euro = ask("series", folder / "euro.csv")
    check(euro["index"] == ["step"] and euro["left_out"] == [] and euro["problem"] is None, euro)
    load = euro["channels"][0]
    check(load == {"name": "load", "units": "", "values": 3, "missing": 0, "min": 9.9, "max": 11.2,
                   "first": [10.5, 11.2, 9.9], "last": [10.5, 11.2, 9.9]}, load)
    step = ask("series", f"{folder / 'euro.csv'}#step[1:]")
    check(step["channels"][0]["first"] == [2, 3] and len(step["channels"]) == 1, step)
    many = ask("series", folder / "many.csv")
    check([s["id"] for s in many["list"]] == ["A", "B"] and many["series"] == 2, many)
    check(ask("series", f"{folder / 'many.csv'}#B")["channels"][0]["first"] == [3, 4], "series B")
    check(euro["sampling_rate"] == 1, euro)


def shown_as_far_as_it_goes(folder):
    for name, words in (("typo.csv", 'line 3: column 2 (v): "1O" is not a number'),
                        ("gaps.csv", "value 2 of 3 is missing")):
        done = run("series", folder / name)
        check(done.returncode == 1 and words in done.stderr.decode(), done)
        check(words in json.loads(done.stdout)["problem"], done)


def options(folder):
    thousands = folder / "thousands.csv"
    for mark, first in ((".", 1234), ("point", 1234), (",", 1.234), ("comma", 1.234)):
        check(ask("series", thousands, "--decimal", mark)["channels"][0]["first"][0] == first, mark)
    marked = ask("series", f"{folder / 'marked.csv'}", "--na", "-99,x")
    check(marked["channels"][0]["first"] == [5, 6], "missing at the end")
    bare = ask("series", folder / "plain.csv", "--header", "on")
    check(bare["channels"][0]["name"] == "1" and bare["channels"][0]["values"] == 2, bare)
    check(ask("series", folder / "plain.csv", "--header", "off")["channels"][0]["values"] == 3, "no header")
    spaces = ask("series", folder / "euro.csv", "--delimiter", "semicolon", "--column", "step,load")
    check([c["name"] for c in spaces["channels"]] == ["step", "load"], spaces)
    prompt = ["generate", "-m", TINY, "-p", "{series}", "--raw", "-n", 1, "--temperature", 0]
    whole = ask(*prompt, "--series", folder / "euro.csv")
    column = ask(*prompt, "--series", folder / "euro.csv", "--column", "load")
    check({k: v for k, v in whole.items() if "seconds" not in k} ==
          {k: v for k, v in column.items() if "seconds" not in k}, "the channel is the same")
    refuse(1, ["1,234"], *prompt, "--series", thousands)
    ask(*prompt, "--series", thousands, "--decimal", ".")
    refuse(2, ["--delimiter", "'x'"], "series", thousands, "--delimiter", "x")
    refuse(2, ["--decimal", "'x'"], "series", thousands, "--decimal", "x")
    refuse(2, ["cannot be both"], "series", thousands, "--decimal", ",", "--delimiter", ",")
    refuse(2, ["--header"], "series", thousands, "--header", "maybe")
    refuse(2, ["which file"], "series")
    refuse(1, ["none.csv"], "series", folder / "none.csv")


def lacking(folder):
    """Records may lack members; as many as make their table larger than any use are refused, at once."""
    few, many, columns = (folder / f"{name}.json" for name in ("few", "many", "columns"))
    few.write_text(json.dumps([{f"k{i}": 1, "a": i} for i in range(300)]))
    check(ask("series", f"{few}#a")["channels"][0]["last"][-1] == 299, few)
    many.write_text(json.dumps([{f"k{i}": 1, "a": i} for i in range(20000)]))
    columns.write_text(json.dumps({"a": list(range(100000)), **{f"k{i}": [1] for i in range(3000)}}))
    for path, words in (many, "20000 records and 20001 columns"), (columns, "100000 values and 3001 columns"):
        refuse(1, [words, "16777216, the limit"], "series", path, timeout=120)


def main():
    with work_dir() as name:
        folder = pathlib.Path(name)
        for file, text in TABLES.items():
            (folder / file).write_text(text)
        shown(folder)
        shown_as_far_as_it_goes(folder)
        options(folder)
        lacking(folder)
    finish(110)


if __name__ == "__main__":
    main()
