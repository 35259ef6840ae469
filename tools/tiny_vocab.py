"""Tiny vocabularies with the real file format's metadata, learnt from a few sentences.

Two kinds, as in GGUF files: byte-level BPE ("gpt2": 256 byte characters, merges in order) and SentencePiece-like
("llama": pieces with scores, "▁" for a space, <0x00>..<0xFF> for what no piece covers). Both learners are the plain
textbook loop: count adjacent pairs, merge the most frequent one (ties: the smaller pair), repeat.
"""
import collections
import re

NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6

CORPUS = """
The series rises from 12.5 to 19.8 and then falls back to 14.2 over the last 24 hours. The mean is 15.3, the
largest value is 19.8, and the smallest value is 12.5. There is a daily season with a period of 24 steps.
Temperature in degrees: 10, 11, 12, 13, 14, 15, 14, 13, 12, 11, 10. The trend is flat and the season is strong.
What comes next? The next values are 10, 11, 12 and 13. Describe the series in one sentence. The user asks, the
assistant answers: the signal is stable, with low noise and no change of level. A rise, a fall, a rise, a fall.
""".strip()


def byte_characters():
    """The usual one-to-one map from bytes to printable characters: printable bytes stand for themselves, the others
    take the code points from 256 upward in order."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAC + 1), *range(0xAE, 0xFF + 1)]
    table, spare = {}, 256
    for byte in range(256):
        if byte in printable:
            table[byte] = chr(byte)
        else:
            table[byte], spare = chr(spare), spare + 1
    return table


def learn_merges(words, count):
    """words: {tuple of symbols: how often}; returns the first `count` merges as pairs."""
    merges = []
    words = dict(words)
    while len(merges) < count:
        pairs = collections.Counter()
        for symbols, n in words.items():
            for pair in zip(symbols, symbols[1:]):
                pairs[pair] += n
        if not pairs:
            break
        best = min(pairs, key=lambda p: (-pairs[p], p))
        merges.append(best)
        merged = {}
        for symbols, n in words.items():
            out, i = [], 0
            while i < len(symbols):
                if symbols[i:i + 2] == best:
                    out.append(best[0] + best[1])
                    i += 2
                else:
                    out.append(symbols[i])
                    i += 1
            merged[tuple(out)] = merged.get(tuple(out), 0) + n
        words = merged
    return merges


def byte_level(pre, specials, merges, special_first):
    """Metadata of a byte-level BPE; `specials` are control tokens, before or after the others."""
    chars = byte_characters()
    words = collections.Counter(tuple(chars[b] for b in piece.encode())
                                for piece in re.findall(r" ?[A-Za-z]+| ?[^\sA-Za-z0-9]+|[0-9]|\s+", CORPUS))
    pairs = learn_merges(words, merges)
    pieces = [chars[b] for b in range(256)] + [a + b for a, b in pairs]
    tokens = specials + pieces if special_first else pieces + specials
    return {
        "model": "gpt2", "pre": pre, "tokens": tokens,
        "types": [CONTROL if t in specials else NORMAL for t in tokens],
        "merges": [a + " " + b for a, b in pairs],
    }


def sentencepiece(specials, merges):
    """Metadata of a SentencePiece vocabulary: specials, unknown, bytes, then characters and merged pieces; a merge
    learnt earlier has the higher score, single characters have the lowest."""
    words = collections.Counter(tuple("▁" + w) for w in CORPUS.split())
    pairs = learn_merges(words, merges)
    single = sorted({c for w in words for c in w})
    pieces = [a + b for a, b in pairs] + single
    head = specials + ["<unk>"] + [f"<0x{b:02X}>" for b in range(256)]
    return {
        "model": "llama", "pre": "default", "tokens": head + pieces,
        "types": [CONTROL] * len(specials) + [UNKNOWN] + [BYTE] * 256 + [NORMAL] * len(pieces),
        "scores": [-1000.0] * len(head) + [-float(i) for i in range(len(pieces))],
    }


CHATML = ("{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + "
          "'<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif "
          "%}")
LLAMA3 = ("{{ bos_token }}{% for message in messages %}{{ '<|start_header_id|>' + message['role'] + "
          "'<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' }}{% endfor %}"
          "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}")
GEMMA = ("{{ bos_token }}{% for message in messages %}{% set role = 'model' if message['role'] == 'assistant' else "
         "message['role'] %}{{ '<start_of_turn>' + role + '\\n' + message['content'] | trim + '<end_of_turn>\\n' }}"
         "{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}")


def chatml(pre, merges=72):
    v = byte_level(pre, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], merges, True)
    return v | {"bos": 1, "eos": 2, "pad": 2, "unknown": 0, "add_bos": False, "template": CHATML}


def llama3(merges=72):
    v = byte_level("llama-bpe", ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>",
                                 "<|eot_id|>"], merges, False)
    at = v["tokens"].index
    return v | {"bos": at("<|begin_of_text|>"), "eos": at("<|eot_id|>"), "add_bos": True, "template": LLAMA3}


def gemma(merges=60):
    v = sentencepiece(["<pad>", "<eos>", "<bos>", "<start_of_turn>", "<end_of_turn>"], merges)
    return v | {"bos": 2, "eos": 1, "pad": 0, "unknown": 5, "add_bos": True, "space_prefix": False, "template": GEMMA}
