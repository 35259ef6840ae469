"""Random texts that are hard on a tokenizer; imported by tokenizer_reference.py and make_tokenizer_fixtures.py."""
import random
import unicodedata

WORDS = ("the time series rises in March and falls again; Ein Maß für Größe, l'été dernier; don't WE'LL I'VE they're "
         "he'd 'tis it'S YOU'RE x_1 HTTPServer camelCase snake_case foo.bar() != == -> <= "
         "https://a.b/c?d=e&f#g").split(" ")
SPACES = [" ", "  ", "   ", " " * 7, "\n", "\n\n", "\n\n\n", "\r\n", "\t", "\t\t", " \n", "\n ", " \n \n", "\u00a0",
          "\u2003", "\u3000", "\u0085", "\u2028", "\u200b", "\v", "\f", "\u1680", "\u180e", "\x1c"]
MARKS = "\u0301\u0308\u0327\u0483\u0591\u064b\u0900\u0e31\u20e3\ufe0f\u200d\u0334"
EMOJI = ["🙂", "👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪🇫🇷", "1️⃣", "🌊📈", "☃", "🫠", "🧑🏿‍🚀"]
SCRIPTS = [(0x41, 0x24F), (0x370, 0x52F), (0x590, 0x6FF), (0x900, 0xDFF), (0xE00, 0xEFF), (0x10A0, 0x13FF),
           (0x3040, 0x30FF),
           (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0x1D400, 0x1D7FF), (0x20000, 0x2A6DF), (0x1F300, 0x1FAFF),
           (0x2000, 0x2BFF)]
NUMBERS = "0123456789²³¼½⅔①Ⅷ٣৪๔四零𝟘𝟿"


def in_any_plane(rng, code_filter):
    while True:
        code = rng.randrange(0x110000) if rng.random() < 0.5 else rng.randrange(0x3400)
        if not 0xD800 <= code < 0xE000 and code_filter(code):
            return chr(code)


def piece(rng, special, code_filter):
    kind = rng.randrange(12)
    if kind == 0:
        return rng.choice(WORDS)
    if kind == 1:
        return rng.choice(SPACES) * rng.choice([1, 1, 1, 2, 5])
    if kind == 2:
        return "".join(rng.choice("0123456789") for _ in range(rng.randrange(1, 9)))
    if kind == 3:
        return rng.choice(["%.3f", "%e", "-%d", "%d%%", "$%d", "1,%03d,000", "#%d"]) % rng.randrange(1000)
    if kind == 4:
        return "".join(rng.choice(NUMBERS) for _ in range(rng.randrange(1, 4)))
    if kind == 5:
        low, high = rng.choice(SCRIPTS)
        text = "".join(chr(rng.randrange(low, high + 1)) for _ in range(rng.randrange(1, 7)))
        return "".join(c for c in text if code_filter(ord(c)))
    if kind == 6:
        return "".join(in_any_plane(rng, code_filter) for _ in range(rng.randrange(1, 4)))
    if kind == 7:
        return rng.choice("aeiouxnс") + "".join(rng.choice(MARKS) for _ in range(rng.randrange(1, 4)))
    if kind == 8:
        return rng.choice(EMOJI)
    if kind == 9:
        return "".join(rng.choice("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") for _ in range(rng.randrange(1, 6)))
    if kind == 10 and special:
        name = rng.choice(special)
        return name if rng.random() < 0.7 else name[:rng.randrange(1, len(name) + 1)]
    return rng.choice(["'s", "'S", "'re", "'LL", "'\u017f", "’s", "\u2581", "<0x0A>", "ﬃ", "İıſß", "a\u0000b", " 5",
                       "  x"])


def strings(seed, count, special=(), code_filter=lambda code: True):
    """`count` different texts; `special`: names of special tokens to put in; code_filter: which code points may be
    in."""
    rng = random.Random(seed)
    made = set()
    out = []
    while len(out) < count:
        glue = rng.choice(["", "", " "])
        text = glue.join(piece(rng, special, code_filter) for _ in range(rng.randrange(1, 9)))
        text = "".join(c for c in text if code_filter(ord(c)))
        if text not in made:
            made.add(text)
            out.append(text)
    return out


def assigned_in_14(code):
    """Assigned in Unicode 14, so that every library of today has the same idea of it."""
    return unicodedata.category(chr(code)) not in ("Cn", "Cs")
