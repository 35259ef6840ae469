#!/usr/bin/env python3
"""Makes the small files that the tests compare with: tests/golden/*.gguf + *.json and tests/quant/dequant.gguf; and
the fuzzer's first inputs, tests/fuzz/gguf/*.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install -r tools/requirements.txt
    /tmp/venv/bin/python tools/make_fixtures.py [NAME...]        # all of them, or those named

A golden model is a language model of random weights, small enough to be committed, written with the `gguf` package.
Its JSON holds what PyTorch `transformers` computes in fp32 on exactly the weights that the file's bits stand for:

    model, architecture, type
    text           the text behind the tokens, null where the file has no vocabulary
    tokens         ids: of the text by llama.cpp's tokenizer on this very file, or random
    nll[t]         -log p(tokens[t+1] | tokens[0..t]), nats
    positions      [{pos, logprobs[vocab]}]: the whole next-token distribution after a few positions

Each model is also run through llama.cpp, which must agree but for its int8 activations and f16 cache: a check that the
file follows the format's conventions (names, permutations, +1 in Gemma's norms), not a source of values.

Weights are normal with the variances that keep activations and logits of order one to a few; block scales of types for
which `gguf` has no quantiser are drawn directly, and their quants are random bits.
"""
import json
import pathlib
import sys

import gguf
import numpy as np
import torch
import transformers
from gguf import GGMLQuantizationType as Q

import tiny_vocab

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOLDEN, QUANT, FUZZ = ROOT / "tests/golden", ROOT / "tests/quant", ROOT / "tests/fuzz/gguf"
TEXT = ("The series rises from 12.5 to 19.8 and falls back: 10, 11, 12, 13, 14, 15, 14, 13. "
        "Naïve café, 3×7=21 ✓ — what comes next?")
KQUANTS = (Q.Q4_K, Q.Q5_K, Q.Q6_K)
DRAWN = (*KQUANTS, Q.IQ4_NL)  # types that `gguf` cannot quantise to


# ---- weights: bits as stored, and what they stand for ----

def halves(x):
    """fp16 numbers as little-endian bytes, one row of two bytes each."""
    return np.ascontiguousarray(x, "<f2").reshape(-1, 1).view(np.uint8)


def random_blocks(rng, kind, rows, columns, std):
    """Blocks whose weights have about the standard deviation `std`; scales of both signs."""
    n = rows * columns // gguf.GGML_QUANT_SIZES[kind][0]

    def draw(d_unit):
        d = d_unit * rng.uniform(0.5, 1.5, n) * rng.choice([-1, 1], n)
        if kind == Q.IQ4_NL:
            return np.concatenate([halves(d), rng.integers(0, 256, (n, 16), np.uint8)], 1)
        if kind == Q.Q6_K:
            bits = rng.integers(0, 256, (n, 208), np.uint8)
            return np.concatenate([bits, halves(d)], 1)
        middle = 7.5 if kind == Q.Q4_K else 15.5
        bits = rng.integers(0, 256, (n, 140 if kind == Q.Q4_K else 172), np.uint8)
        return np.concatenate([halves(d), halves(d * middle), bits], 1)

    trial = gguf.quants.dequantize(draw(np.float64(2.0 ** -10)), kind)
    return draw(2.0 ** -10 * std / trial.std()).reshape(rows, -1)


def stored(rng, kind, rows, columns, std):
    """(array for the file, fp32 weights) of a random matrix."""
    if kind in DRAWN:
        raw = random_blocks(rng, kind, rows, columns, std)
        return raw, gguf.quants.dequantize(raw, kind).reshape(rows, columns)
    w = rng.normal(0, std, (rows, columns)).astype(np.float32)
    if kind == Q.F32:
        return w, w
    if kind == Q.F16:
        return w.astype(np.float16), w.astype(np.float16).astype(np.float32)
    raw = gguf.quants.quantize(w, kind)
    return raw, gguf.quants.dequantize(raw, kind).reshape(rows, columns)


# ---- one model ----

class Tiny:
    """Draws a model's tensors under their GGUF names; `self.files` maps name -> (array, type), `self.weights`
    name -> fp32 as a reader of the file sees them."""

    def __init__(self, name, arch, kind=Q.F16, *, width, layers, heads, kv_heads, head_dim, ffn, vocab=None, size=None,
                 tied=True, seed, rope=None, window=None, pattern=None, softcap=None, alignment=None, tokens=None):
        self.__dict__.update(locals())
        self.vocab_size = len(vocab["tokens"]) if vocab else size
        self.rng = np.random.default_rng(seed)
        self.files, self.weights = {}, {}
        self.draw()

    def matrix(self, name, rows, columns, gain=1.0, kind=None):
        kind = kind or self.kind
        raw, w = stored(self.rng, kind, rows, columns, gain / np.sqrt(columns))
        self.files[name], self.weights[name] = (raw, kind), w

    def vector(self, name, n, low, high):
        w = self.rng.uniform(low, high, n).astype(np.float32)
        self.files[name], self.weights[name] = (w, Q.F32), w

    def draw(self):
        q, kv = self.heads * self.head_dim, self.kv_heads * self.head_dim
        self.matrix("token_embd.weight", self.vocab_size, self.width, 2.0)
        self.vector("output_norm.weight", self.width, 0.5, 1.5)
        if not self.tied:
            self.matrix("output.weight", self.vocab_size, self.width, 2.0)
        if self.rope and "low" in self.rope:
            factors = llama3_factors(self.rope, self.head_dim)
            self.files["rope_freqs.weight"] = (factors, Q.F32)
        for i in range(self.layers):
            b = f"blk.{i}."
            self.vector(b + "attn_norm.weight", self.width, 0.5, 1.5)
            self.matrix(b + "attn_q.weight", q, self.width, 1.5)
            self.matrix(b + "attn_k.weight", kv, self.width, 1.5)
            self.matrix(b + "attn_v.weight", kv, self.width)
            self.matrix(b + "attn_output.weight", self.width, q)
            self.vector(b + "ffn_norm.weight", self.width, 0.5, 1.5)
            self.matrix(b + "ffn_gate.weight", self.ffn, self.width, 1.5)
            self.matrix(b + "ffn_up.weight", self.ffn, self.width)
            self.matrix(b + "ffn_down.weight", self.width, self.ffn)
            if self.arch == "qwen2":
                for what, n in (("q", q), ("k", kv), ("v", kv)):
                    self.vector(b + f"attn_{what}.bias", n, -1, 1)
            if self.arch in ("qwen3", "gemma3"):
                self.vector(b + "attn_q_norm.weight", self.head_dim, 0.5, 1.5)
                self.vector(b + "attn_k_norm.weight", self.head_dim, 0.5, 1.5)
            if self.arch == "gemma3":
                self.vector(b + "post_attention_norm.weight", self.width, 0.5, 1.5)
                self.vector(b + "post_ffw_norm.weight", self.width, 0.5, 1.5)

    # -- the file --

    def write(self, path):
        w = gguf.GGUFWriter(path, self.arch)
        if self.alignment:
            w.add_custom_alignment(self.alignment)
        w.add_name(f"tiny random {self.arch} for tests")
        w.add_context_length(512)
        w.add_embedding_length(self.width)
        w.add_block_count(self.layers)
        w.add_feed_forward_length(self.ffn)
        w.add_head_count(self.heads)
        w.add_head_count_kv(self.kv_heads)
        w.add_layer_norm_rms_eps(1e-5)
        w.add_rope_freq_base(self.theta())
        if self.rope and self.rope.get("yarn"):
            w.add_rope_scaling_type(gguf.RopeScalingType.YARN)
            w.add_rope_scaling_factor(self.rope["factor"])
            w.add_rope_scaling_orig_ctx_len(self.rope["original"])
        if self.arch in ("qwen3", "gemma", "gemma3"):
            w.add_key_length(self.head_dim)
            w.add_value_length(self.head_dim)
        if self.arch == "llama":
            w.add_rope_dimension_count(self.head_dim)
            w.add_vocab_size(self.vocab_size)
        if self.window:
            w.add_sliding_window(self.window)
        if self.pattern:
            w.add_uint32(f"{self.arch}.attention.sliding_window_pattern", self.pattern)
            w.add_float32(f"{self.arch}.rope.freq_base_swa", self.rope["local"])
        if self.softcap:
            w.add_final_logit_softcapping(self.softcap)
        self.write_vocab(w)
        for name, (array, kind) in self.files.items():
            w.add_tensor(name, array, raw_dtype=None if array.dtype in (np.float32, np.float16) else kind)
        w.write_header_to_file()
        w.write_kv_data_to_file()
        w.write_tensors_to_file()
        w.close()

    def write_vocab(self, w):
        v = self.vocab
        if not v:
            w.add_tokenizer_model("no_vocab")
            if self.arch != "llama":
                w.add_vocab_size(self.vocab_size)
            return
        w.add_tokenizer_model(v["model"])
        w.add_tokenizer_pre(v["pre"])
        w.add_token_list(v["tokens"])
        w.add_token_types(v["types"])
        if "scores" in v:
            w.add_token_scores(v["scores"])
        if "merges" in v:
            w.add_token_merges(v["merges"])
        w.add_bos_token_id(v["bos"])
        w.add_eos_token_id(v["eos"])
        if "pad" in v:
            w.add_pad_token_id(v["pad"])
        if "unknown" in v:
            w.add_unk_token_id(v["unknown"])
        w.add_add_bos_token(v["add_bos"])
        w.add_add_space_prefix(v.get("space_prefix", False))
        w.add_chat_template(v["template"])

    # -- the same model in PyTorch --

    def theta(self):
        return (self.rope or {}).get("theta", 10000.0)

    def torch_model(self):
        common = dict(vocab_size=self.vocab_size, hidden_size=self.width, intermediate_size=self.ffn,
                      num_hidden_layers=self.layers, num_attention_heads=self.heads, head_dim=self.head_dim,
                      num_key_value_heads=self.kv_heads, rms_norm_eps=1e-5, tie_word_embeddings=self.tied,
                      max_position_embeddings=512, attn_implementation="eager")
        plain = {"rope_type": "default", "rope_theta": self.theta()}
        if self.rope and self.rope.get("yarn"):
            plain = {"rope_type": "yarn", "rope_theta": self.theta(), "factor": self.rope["factor"],
                     "original_max_position_embeddings": self.rope["original"]}
        if self.arch == "llama":
            scaled = plain
            if self.rope and "low" in self.rope:
                scaled = {"rope_type": "llama3", "rope_theta": self.theta(), "factor": self.rope["factor"],
                          "low_freq_factor": self.rope["low"], "high_freq_factor": self.rope["high"],
                          "original_max_position_embeddings": self.rope["original"]}
            model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**common, rope_parameters=scaled))
        elif self.arch == "qwen2":
            del common["head_dim"]  # always width / heads
            model = transformers.Qwen2ForCausalLM(transformers.Qwen2Config(**common, rope_parameters=plain))
        elif self.arch == "gemma":
            model = transformers.GemmaForCausalLM(transformers.GemmaConfig(
                **common, hidden_activation="gelu_pytorch_tanh", rope_parameters=plain))
        elif self.arch == "qwen3":
            model = transformers.Qwen3ForCausalLM(transformers.Qwen3Config(**common, rope_parameters=plain))
        else:
            period = self.pattern or 6
            local = {"rope_type": "default", "rope_theta": self.rope["local"]}
            kinds = ["full_attention" if (i + 1) % period == 0 else "sliding_attention" for i in range(self.layers)]
            model = transformers.Gemma3ForCausalLM(transformers.Gemma3TextConfig(
                **common, query_pre_attn_scalar=self.head_dim, sliding_window=self.window, layer_types=kinds,
                final_logit_softcapping=self.softcap,
                rope_parameters={"full_attention": plain, "sliding_attention": local}))
        state = {self.torch_name(n): torch.from_numpy(self.torch_values(n, w)) for n, w in self.weights.items()}
        if self.tied:
            state["lm_head.weight"] = state["model.embed_tokens.weight"]
        model.load_state_dict(state, strict=True)
        return model.float().eval()

    def torch_name(self, name):
        flat = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
        ffn_norm = "pre_feedforward_layernorm" if self.arch == "gemma3" else "post_attention_layernorm"
        layer = {"attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
                 "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "attn_q_norm": "self_attn.q_norm",
                 "attn_k_norm": "self_attn.k_norm", "ffn_norm": ffn_norm, "ffn_gate": "mlp.gate_proj",
                 "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
                 "post_attention_norm": "post_attention_layernorm", "post_ffw_norm": "post_feedforward_layernorm"}
        stem, kind = name.rsplit(".", 1)
        if stem.startswith("blk."):
            _, i, what = stem.split(".")
            return f"model.layers.{i}.{layer[what]}.{kind}"
        return f"{flat[stem]}.{kind}"

    def torch_values(self, name, w):
        if self.arch == "llama" and ("attn_q." in name or "attn_k." in name):
            # The file's rows of a head are ordered for rotating neighbours (0, 1), (2, 3), ...; transformers rotates
            # (0, d/2), (1, d/2 + 1), ...: row 2 i + s of the file is row i + s d/2 there.
            heads = w.shape[0] // self.head_dim
            return np.ascontiguousarray(
                w.reshape(heads, self.head_dim // 2, 2, -1).swapaxes(1, 2).reshape(w.shape))
        if self.arch in ("gemma", "gemma3") and name.endswith("norm.weight"):
            return w - 1  # the file holds 1 + weight
        return w


def llama3_factors(rope, head_dim):
    """What each rotation frequency is divided by, for contexts beyond `original`: fast rotations stay, slow ones are
    stretched by `factor`, those between are blended."""
    frequency = rope["theta"] ** -(np.arange(0, head_dim, 2) / head_dim)
    turns = rope["original"] * frequency / (2 * np.pi)  # over the original context
    smooth = np.clip((turns - rope["low"]) / (rope["high"] - rope["low"]), 0, 1)
    return (1 / ((1 - smooth) / rope["factor"] + smooth)).astype(np.float32)


# ---- reference values ----

def golden(tiny):
    path = GOLDEN / f"{tiny.name}.gguf"
    tiny.write(path)
    text, tokens = None, None
    if tiny.vocab:
        text, tokens = TEXT, peer_tokens(path, TEXT)
    else:
        tokens = tiny.rng.integers(0, tiny.vocab_size, tiny.tokens).tolist()
    with torch.no_grad():
        logits = tiny.torch_model()(torch.tensor([tokens])).logits[0].double()
    logp = torch.log_softmax(logits, -1).numpy()
    nll = -logp[np.arange(len(tokens) - 1), tokens[1:]]
    where = sorted({0, len(tokens) // 2, len(tokens) - 1})
    json.dump({"model": path.name, "architecture": tiny.arch, "type": tiny.kind.name, "text": text, "tokens": tokens,
               "nll": [float(f"{x:.7g}") for x in nll],
               "positions": [{"pos": p, "logprobs": [float(f"{x:.7g}") for x in logp[p]]} for p in where]},
              open(path.with_suffix(".json"), "w"), separators=(",", ":"), ensure_ascii=False)
    peer = peer_logp(path, tokens)
    print(f"{path.name:24} {path.stat().st_size:8} bytes {len(tokens):4} tokens, logits std {logits.std():.2f}, "
          f"llama.cpp: mean |d logp| {np.abs(peer - logp).mean():.4f}, largest {np.abs(peer - logp).max():.3f}")
    if np.abs(peer - logp).mean() > 0.1:
        sys.exit(f"{path}: llama.cpp reads another model from this file than transformers was given")


def peer_tokens(path, text):
    import llama_cpp
    m = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
    return m.tokenize(text.encode(), add_bos=True, special=True)


def peer_logp(path, tokens):
    import llama_cpp
    m = llama_cpp.Llama(str(path), n_ctx=512, n_batch=512, logits_all=True, verbose=False)
    m.eval(tokens)
    return torch.log_softmax(torch.tensor(m.scores[:len(tokens)]).double(), -1).numpy()


# ---- dequantisation alone ----

def dequant_fixture():
    """For each type a tensor NAME of random bits (finite scales of all sizes, subnormal ones included) and a tensor
    NAME.f32 of what gguf.quants.dequantize makes of them."""
    rng = np.random.default_rng(11)
    w = gguf.GGUFWriter(QUANT / "dequant.gguf", "none")

    def finite_halves(n):
        bits = rng.integers(0, 65536, n).astype("<u2")
        return np.where((bits >> 10 & 31) == 31, bits & 0x83FF, bits).astype("<u2").reshape(-1, 1).view(np.uint8)

    layout = {Q.Q8_0: ("h", 32), Q.Q4_0: ("h", 16), Q.Q4_1: ("hh", 16), Q.Q5_0: ("h", 20), Q.Q5_1: ("hh", 20),
              Q.Q4_K: ("hh", 140), Q.Q5_K: ("hh", 172), Q.Q6_K: (208, "h"), Q.F16: ("h", 0), Q.BF16: (2, ""),
              Q.IQ4_NL: ("h", 16)}
    for kind, parts in layout.items():
        elements, _ = gguf.GGML_QUANT_SIZES[kind]
        n = 4 if elements == 256 else 1024 // elements
        columns = []
        for part in parts:
            if isinstance(part, int):
                columns.append(rng.integers(0, 256, (n, part)).astype(np.uint8))
            else:
                columns.extend(finite_halves(n) for _ in part)
        raw = np.concatenate(columns, 1).reshape(1, -1)
        if kind == Q.BF16:
            raw[:, 1::2] &= 0xBF  # finite: the exponent's top bit off
        value = raw.view("<f2").astype(np.float32) if kind == Q.F16 else gguf.quants.dequantize(raw, kind)
        w.add_tensor(kind.name, raw.view(np.float16) if kind == Q.F16 else raw,
                     raw_dtype=None if kind == Q.F16 else kind)
        w.add_tensor(kind.name + ".f32", value.reshape(1, -1).astype(np.float32))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    print("dequant.gguf")


# ---- the collection ----

def models():
    v = tiny_vocab
    yield lambda: Tiny("llama-rope-scaled", "llama", width=64, layers=2, heads=4, kv_heads=2, head_dim=16, ffn=96,
                       vocab=v.llama3(), tied=False, seed=1,
                       rope={"theta": 10000.0, "factor": 8.0, "low": 1.0, "high": 4.0, "original": 32})
    yield lambda: Tiny("llama-tied", "llama", Q.Q8_0, width=96, layers=2, heads=6, kv_heads=2, head_dim=16, ffn=128,
                       vocab=v.chatml("smollm"), seed=2, rope={"theta": 100000.0})
    yield lambda: Tiny("gemma3", "gemma3", width=64, layers=6, heads=2, kv_heads=1, head_dim=32, ffn=64,
                       vocab=v.gemma(), seed=3, rope={"theta": 1000000.0, "local": 10000.0}, window=16)
    yield lambda: Tiny("gemma3-capped", "gemma3", Q.Q8_0, width=64, layers=4, heads=4, kv_heads=2, head_dim=32, ffn=96,
                       vocab=v.gemma(), seed=4, rope={"theta": 50000.0, "local": 1000.0}, window=7, pattern=2,
                       softcap=4.0, alignment=64)
    yield lambda: Tiny("gemma", "gemma", width=64, layers=2, heads=2, kv_heads=1, head_dim=32, ffn=96, vocab=v.gemma(),
                       seed=7)
    yield lambda: Tiny("qwen2", "qwen2", width=64, layers=2, heads=4, kv_heads=2, head_dim=16, ffn=96,
                       vocab=v.chatml("qwen2"), seed=5, rope={"theta": 1000000.0})
    yield lambda: Tiny("qwen2-yarn", "qwen2", width=64, layers=2, heads=2, kv_heads=1, head_dim=32, ffn=96,
                       vocab=v.chatml("qwen2"), seed=8,
                       rope={"theta": 10000.0, "yarn": True, "factor": 4.0, "original": 128})
    yield lambda: Tiny("qwen3", "qwen3", width=64, layers=2, heads=3, kv_heads=1, head_dim=32, ffn=96,
                       vocab=v.chatml("qwen2"), tied=False, seed=6, rope={"theta": 1000000.0})
    for i, kind in enumerate((Q.F32, Q.F16, Q.BF16, Q.Q8_0, Q.Q4_0, Q.Q4_1, Q.Q5_0, Q.Q5_1)):
        yield lambda kind=kind, i=i: Tiny(f"type-{kind.name.lower()}", "llama", kind, width=64, layers=1, heads=2,
                                          kv_heads=1, head_dim=32, ffn=96, size=64, seed=20 + i, tokens=24)
    for i, kind in enumerate(KQUANTS):
        yield lambda kind=kind, i=i: Tiny(f"type-{kind.name.lower()}", "llama", kind, width=256, layers=1, heads=4,
                                          kv_heads=1, head_dim=64, ffn=256, size=64, seed=40 + i, tokens=24)
    yield lambda: Tiny("type-iq4_nl", "llama", Q.IQ4_NL, width=64, layers=1, heads=2, kv_heads=1, head_dim=32, ffn=96,
                       size=64, seed=50, tokens=24)


def seeds():
    """Smaller models still, one for each architecture and tokenizer."""
    v = tiny_vocab
    shape = dict(width=32, layers=1, heads=2, kv_heads=1, head_dim=16, ffn=32)
    yield Tiny("llama", "llama", Q.Q4_0, **shape, vocab=v.llama3(8), seed=61, rope={
        "theta": 10000.0, "factor": 8.0, "low": 1.0, "high": 4.0, "original": 32})
    yield Tiny("qwen2", "qwen2", Q.Q4_1, **shape, vocab=v.chatml("qwen2", 8), tied=False, seed=62)
    yield Tiny("qwen3", "qwen3", Q.Q5_1, **shape, vocab=v.chatml("smollm", 8), seed=63)
    yield Tiny("gemma3", "gemma3", Q.Q8_0, **shape, vocab=v.gemma(8), window=4, pattern=1, softcap=4.0, seed=64,
               rope={"theta": 1000000.0, "local": 10000.0})


def main():
    wanted = set(sys.argv[1:])
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for make in models():
        tiny = make()
        if not wanted or tiny.name in wanted:
            golden(tiny)
    if not wanted or "seeds" in wanted:
        FUZZ.mkdir(parents=True, exist_ok=True)
        for tiny in seeds():
            tiny.write(FUZZ / tiny.name)
            print("seed", tiny.name)
    if not wanted or "dequant" in wanted:
        dequant_fixture()


if __name__ == "__main__":
    main()
