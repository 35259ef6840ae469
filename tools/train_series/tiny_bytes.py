"""Byte characters back to text."""


def table():
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAC + 1), *range(0xAE, 0xFF + 1)]
    back, spare = {}, 256
    for byte in range(256):
        if byte in printable:
            back[chr(byte)] = byte
        else:
            back[chr(spare)], spare = byte, spare + 1
    return back


BACK = table()


def to_text(tokens):
    return bytes(BACK[c] for token in tokens for c in token).decode("utf-8", "replace")
