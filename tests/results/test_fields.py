"""What journals' members are called stands in results/fields.h alone, and docs/stages.md knows every name."""
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(os.environ.get("MAXTS_SOURCE_ROOT", "."))
ROOMS = ("eval", "results", "report")
LITERAL = re.compile(r'\b(?:json_object_(?:get|set|set_new|del)|mts_field_\w+|mts_report_(?:mean|value|varies)|'
                     r'mts_json_add\w*)\((?:[^"();,]|\((?:[^"()]|\([^"()]*\))*\))*,\s*"(\w+)"')
# Settings of the request that a head tells alone: nobody reads them by name.
TOLD = {"top_k", "top_p", "min_p", "raw", "exact", "spread", "train", "points", "context", "horizon", "total_nfe",
        "keep_trees", "max_seconds", "date", "think_tokens", "learn", "outlook", "reward_files"}


def literals(text):
    return [word for word in LITERAL.findall(text) if word not in TOLD]


def main():
    assert literals('json_object_get(json_array_get(a, 0), "nfe")') == ["nfe"]
    assert not literals("json_object_get(record, MTS_F_NFE)")
    names = dict(re.findall(r'^#define MTS_F_(\w+) "(\w+)"$', (ROOT / "src/results/fields.h").read_text(), re.M))
    assert len(names) > 90 and all(name == as_constant.lower() for as_constant, name in names.items()), names
    bad = []
    for path in sorted(path for room in ROOMS for path in (ROOT / "src" / room).glob("*.[ch]")):
        text = path.read_text()
        bad += [f'{path.relative_to(ROOT)}: "{word}" as it stands' for word in literals(text)]
        used = set(re.findall(r"\bMTS_F_(\w+)", text))
        if path.name != "fields.h":
            names = {constant: name for constant, name in names.items() if constant not in used}
    bad += [f"src/results/fields.h: MTS_F_{constant} is not used" for constant in names]
    known = set(re.findall(r"[a-z]\w*", " ".join(re.findall(r"`([^`]+)`", (ROOT / "docs/stages.md").read_text()))))
    for name in re.findall(r'^#define MTS_F_\w+ "(\w+)"$', (ROOT / "src/results/fields.h").read_text(), re.M):
        if name not in known:
            bad.append(f"docs/stages.md: does not know `{name}`")
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
