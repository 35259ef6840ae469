#!/usr/bin/env python3
"""A reward in one screen, as `--reward "command:prefixes=1 bench/rewards/no_e.py"`: how much of a text does without
the letter e.

1 - (words with an e) / (words), of which a beginning counts those that are whole. A text of fewer than six words loses
0.1 for each that is missing, so that silence does not win."""
import json
import re
import sys

for line in sys.stdin:
    asked = json.loads(line)
    words = re.findall(r"[^\W\d_]+", asked["text"])
    if not asked["finished"] and words and asked["text"][-1:].isalpha():
        words.pop()
    value = 1 - sum("e" in word.lower() for word in words) / len(words) if words else 1.0
    if asked["finished"]:
        value = (value if words else 0) - 0.1 * max(0, 6 - len(words))
    print(json.dumps({"reward": value}), flush=True)
