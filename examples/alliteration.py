#!/usr/bin/env python3
"""A reward of one's own: how many different words of a text begin with the same letter (docs/rewards.md, command)."""
import collections
import json
import re
import sys

for line in sys.stdin:
    question = json.loads(line)
    words = set(re.findall(r"[a-z]{3,}", question["text"].lower()))
    letters = collections.Counter(word[0] for word in words)
    print(json.dumps({"id": question["id"], "reward": max(letters.values(), default=0)}), flush=True)
