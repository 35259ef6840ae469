#!/usr/bin/env python3
"""llama.cpp's own grammars through `maxts check`: whether each is read, what it takes, and its masks along a text.

    pip download --no-deps --no-binary :all: llama-cpp-python    (the source package has vendor/llama.cpp/grammars)
    bench/gbnf.py build/src/cli/maxts MODEL.gguf vendor/llama.cpp/grammars

Fails where a grammar is not read, refuses its good text or accepts its bad one."""
import json
import pathlib
import subprocess
import sys

TEXTS = { # grammar: of its language, not of it
    "arithmetic": ("x *(1 +2)= 3\n", "x *(1 +2= 3\n"),
    "c": ("int main(){int x = 5;while(x<9){x = x+1;}return x;}", "int main(){int x = ;}"),
    "chess": ("1. d4 d5\n2. c4 dxc4\n3. Nf3 a6\n", "1. d4 d5\n2. c9 dxc4\n"),
    "english": ("Hello, how are you doing today?", "Hello, ça va?"),
    "japanese": ("こんにちは、世界。", "hello"),
    "json": ('{"a": [1, 2.5, "x\\u00e9"], "b": {}}', '{"a": [1, 2.5, "x\\u00e"], "b": {}}'),
    "json_arr": ('[\n1,\n{"a":true}]', "[1, 2]"),
    "list": ("- one\n- two three\n", "one\n"),
}


def check(program, model, grammar, text):
    done = subprocess.run([program, "check", "-m", model, "--grammar", grammar, "--json"], input=text, text=True,
                          encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return json.loads(done.stdout) if done.stdout else {"error": done.stderr.strip()}


def main():
    program, model, folder = sys.argv[1:4]
    wrong = 0
    print("| grammar | compile, µs | masks | mean, µs | max | good text | bad text |\n|---|---|---|---|---|---|---|")
    for path in sorted(pathlib.Path(folder).glob("*.gbnf")):
        good, bad = (check(program, model, path, text) for text in TEXTS[path.stem])
        if "error" in good:
            print(f"| {path.stem} | {good['error']} |")
            wrong += 1
            continue
        masks = good["mask_us"]
        wrong += not good["accepted"] or bad["accepted"]
        print(f"| {path.stem} | {good['compile_us']:.0f} | {len(masks)} | {sum(masks) / len(masks):.0f} "
              f"| {max(masks):.0f} | {'accepted' if good['accepted'] else 'refused at %d' % good['failed_at']} "
              f"| {'accepted' if bad['accepted'] else 'refused at byte %d' % bad['failed_at']} |")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
