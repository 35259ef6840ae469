#!/usr/bin/env python3
"""The JSON-Schema-Test-Suite through `maxts check --bench`.

    bench/json_suite.py build/src/cli/maxts MODEL.gguf jsonschema-4.26.0/json

The suite comes with PyPI's source package of jsonschema (`pip download --no-deps --no-binary :all: jsonschema`). Drafts
4 to 2020-12 with their optional files; of formats those that docs/constraints.md lists. Prints a table by draft and
every instance that was accepted and is invalid: there must be none. --refused lists the rest too."""
import collections
import json
import math
import pathlib
import subprocess
import sys
import tempfile

DRAFTS = {"draft4": "http://json-schema.org/draft-04/schema#", "draft6": "http://json-schema.org/draft-06/schema#",
          "draft7": "http://json-schema.org/draft-07/schema#",
          "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
          "draft2020-12": "https://json-schema.org/draft/2020-12/schema"}
LEFT_OUT = {"optional/content"} # contentMediaType and contentEncoding annotate
FORMATS = {"date", "time", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "uri", "uri-reference", "uuid",
           "json-pointer", "relative-json-pointer"}


def is_held(value):
    """Whether every number in it is a 64-bit integer or a finite double: others are no input of --bench."""
    if isinstance(value, dict):
        return all(map(is_held, value.values()))
    if isinstance(value, list):
        return all(map(is_held, value))
    if isinstance(value, int):
        return -(1 << 63) <= value < 1 << 63
    return not isinstance(value, float) or math.isfinite(value)


def cases(folder, uri):
    """(name, schema, tests) of a draft; what it does not name, its formats assert."""
    for path in sorted(folder.rglob("*.json")):
        relative = path.relative_to(folder)
        name = str(relative.with_suffix(""))
        if name in LEFT_OUT or (relative.parent.name == "format" and path.stem not in FORMATS):
            continue
        for case in json.loads(path.read_text(encoding="utf-8")):
            schema = case["schema"]
            if isinstance(schema, dict) and "$schema" not in schema:
                schema = {"$schema": uri, **schema}
            yield f"{name}: {case['description']}", schema, case["tests"]


def lines_of(folder, uri):
    for name, schema, tests in cases(folder, uri):
        kept = [{"valid": t["valid"], "data": t["data"]} for t in tests if is_held(t["data"])]
        if is_held(schema):
            yield {"id": name, "schema": schema, "tests": kept}


def run(program, model, lines):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps(line) + "\n")
        file.flush()
        return json.loads(subprocess.run([program, "check", "-m", model, "--bench", file.name, "--json"], check=True,
                                         stdout=subprocess.PIPE).stdout)


def main():
    program, model, suite = sys.argv[1:4]
    accepted, refused = [], collections.Counter()
    print("| draft | schemas | compiled | passing | valid refused | invalid accepted |\n|---|---|---|---|---|---|")
    for draft, uri in DRAFTS.items():
        row = run(program, model, lines_of(pathlib.Path(suite) / "tests" / draft, uri))
        print(f"| {draft[5:]} | {row['schemas']} | {row['compiled']} | {row['passing']} | {row['valid_refused']} "
              f"| {row['invalid_accepted']} |")
        for failure in row["failures"]:
            if failure["why"].startswith("invalid"):
                accepted.append(f"{draft}: {failure['id']}: {failure['why']}")
            else:
                refused[f"{draft}: {failure['id']}: {failure['why']}"] += 1
    for line in accepted + (sorted(refused) if "--refused" in sys.argv else []):
        print(line)
    return 1 if accepted else 0


if __name__ == "__main__":
    sys.exit(main())
