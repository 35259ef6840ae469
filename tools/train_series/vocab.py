"""A byte-level BPE of a few thousand tokens in the form that maxts reads as `smollm`: digits stand one by one."""
import json

from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers, trainers

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
BOS, EOS = "<|begin|>", "<|endoftext|>"
TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}{{ bos_token }}"


def splitter():
    return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                    pre_tokenizers.Split(Regex(GPT2), "isolated"),
                                    pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def learn(texts, size):
    """{"tokens": in the order of their ids, "merges": pairs in order}."""
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = splitter()
    t.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=size, special_tokens=[BOS, EOS], initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False))
    state = json.loads(t.to_str())["model"]
    return {"tokens": sorted(state["vocab"], key=state["vocab"].get), "merges": [list(m) for m in state["merges"]]}


class Vocab:
    def __init__(self, learnt):
        self.tokens, self.merges = learnt["tokens"], learnt["merges"]
        ids = {token: i for i, token in enumerate(self.tokens)}
        self.bos, self.eos = ids[BOS], ids[EOS]
        self.bpe = Tokenizer(models.BPE(vocab=ids, merges=[tuple(m) for m in self.merges]))
        self.bpe.pre_tokenizer = splitter()
        self.cache = {}

    def ids(self, text):
        found = self.cache.get(text)
        if found is None:
            found = self.bpe.encode(text, add_special_tokens=False).ids
            if len(self.cache) < 5000:
                self.cache[text] = found
        return found

    def text(self, ids):
        from tiny_bytes import to_text
        return to_text([self.tokens[i] for i in ids if i not in (self.bos, self.eos)])

    def prompt(self, parts, rows):
        """Ids of a prompt with -1 where a row stands, as mts_engine_prompt() and the empty text behind make them."""
        ids = []
        for part in [*parts, ""]:
            ids += [self.bos, *self.ids(part)] if isinstance(part, str) else [-1] * rows
        return ids
