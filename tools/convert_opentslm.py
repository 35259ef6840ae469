#!/usr/bin/env python3
"""An OpenTSLM checkpoint and the GGUF file of its language model to one GGUF file that maxts reads.

    pip install gguf torch
    tools/convert_opentslm.py model_checkpoint.pt BASE.gguf OUT.gguf

The checkpoint is what OpenTSLM publishes (`model_checkpoint.pt`) or its trainer keeps (`best_model.pt`), of either
kind. BASE.gguf is the language model that it was trained with, in any type; it is copied. What the checkpoint adds is
written beside it, in fp32 (docs/opentslm.md has the names). Of the soft-prompt kind, adapters (LoRA) are added to the
matrices they belong to; of Flamingo, the embeddings come from the checkpoint, with a few tokens more, and gates are
multiplied into the matrices they stand before. What changes in the base is stored as --merged says.

Nothing of the checkpoint is run: of its pickle only tensors and plain containers are made, whatever it names."""
import argparse
import collections
import pathlib
import pickle
import re
import sys
import types

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Q

MERGED = {"f32": Q.F32, "f16": Q.F16, "bf16": Q.BF16, "q8_0": Q.Q8_0}


class Refused(Exception):
    """What is wrong with the input, as one sentence."""


# ---- the checkpoint ----

class Inert:
    """Stands for every class that is no tensor: keeps what it is given and does nothing."""

    def __init__(self, *args, **kwargs):
        self.args = args

    def __setstate__(self, state):
        if isinstance(state, dict):
            self.__dict__.update(state)

    def __hash__(self):
        return id(self)


class Unpickler(pickle.Unpickler):
    PLAIN = {("collections", "OrderedDict"): collections.OrderedDict, ("builtins", "set"): set}

    def find_class(self, module, name):
        if (module, name) in self.PLAIN:
            return self.PLAIN[module, name]
        if module == "torch._utils" and name in ("_rebuild_tensor_v2", "_rebuild_parameter"):
            return getattr(torch._utils, name)
        if module == "torch" and (name.endswith("Storage") or isinstance(getattr(torch, name, None), torch.dtype)):
            return getattr(torch, name)
        return Inert


def read_checkpoint(path):
    module = types.ModuleType("inert_pickle")
    module.Unpickler, module.load = Unpickler, lambda f, **kw: Unpickler(f, **kw).load()
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=False, pickle_module=module)
    except Exception as error:
        raise Refused(f"{path}: is no PyTorch checkpoint: {error}") from error
    if not isinstance(checkpoint, dict):
        raise Refused(f"{path}: holds no dictionary but {type(checkpoint).__name__}")
    return checkpoint


class State:
    """A state dictionary whose tensors are taken one by one; what is left at the end is an error."""

    def __init__(self, path, name, tensors):
        if not isinstance(tensors, dict):
            raise Refused(f"{path}: {name} is no dictionary of tensors")
        self.path, self.name, self.left = path, name, dict(tensors)

    def take(self, key, *shape):
        """shape: a number, or None for any."""
        if key not in self.left:
            raise Refused(f"{self.path}: {self.name} has no {key}")
        value = self.left.pop(key)
        if not isinstance(value, torch.Tensor):
            raise Refused(f"{self.path}: {self.name}: {key} is no tensor")
        if len(value.shape) != len(shape) or any(want not in (None, n) for want, n in zip(shape, value.shape)):
            raise Refused(f"{self.path}: {self.name}: {key} is {' x '.join(map(str, value.shape))}, not "
                          f"{' x '.join('any' if n is None else str(n) for n in shape)}")
        value = value.detach().float().numpy()
        if not np.isfinite(value).all():
            raise Refused(f"{self.path}: {self.name}: {key} holds numbers that are not finite")
        return np.ascontiguousarray(value)

    def count(self, pattern):
        """How many layers there are: one more than the largest number that the pattern finds."""
        found = [int(m[1]) for m in (re.match(pattern, key) for key in self.left) if m]
        return max(found) + 1 if found else 0

    def done(self):
        if self.left:
            raise Refused(f"{self.path}: {self.name} has {min(self.left)}, which this converter does not know")


# ---- what both kinds have ----

class Encoder:
    """Its tensors under their names in the file, its sizes."""

    def __init__(self, state, prefix=""):
        self.tensors, self.sizes = {}, {}
        patches = state.take(prefix + "patch_embed.weight", None, 1, None)
        self.width, _, patch = patches.shape
        places = state.take(prefix + "pos_embed", 1, None, self.width)[0]
        self.put("patch_embd.weight", patches[:, 0])
        self.put("position_embd.weight", places)
        self.norm(state, prefix + "input_norm", "input_norm", self.width)
        self.sizes |= {"patch_length": patch, "embedding_length": self.width, "context_length": places.shape[0]}

    def put(self, name, array):
        self.tensors["opentslm." + name] = array

    def norm(self, state, key, name, width):
        self.put(name + ".weight", state.take(key + ".weight", width))
        self.put(name + ".bias", state.take(key + ".bias", width))

    def dense(self, state, key, name, rows, cols):
        self.put(name + ".weight", state.take(key + ".weight", rows, cols))
        self.put(name + ".bias", state.take(key + ".bias", rows))


# ---- the soft-prompt kind ----

def soft_prompt(path, checkpoint, hidden, heads):
    """Encoder and projector."""
    encoder = State(path, "encoder_state", checkpoint["encoder_state"])
    projector = State(path, "projector_state", checkpoint.get("projector_state"))
    e = Encoder(encoder)
    width, put, norm, dense = e.width, e.put, e.norm, e.dense
    blocks, ffn = encoder.count(r"encoder\.layers\.(\d+)\."), 0
    for i in range(blocks):
        key, name = f"encoder.layers.{i}.", f"blk.{i}."
        put(name + "attn_qkv.weight", encoder.take(key + "self_attn.in_proj_weight", 3 * width, width))
        put(name + "attn_qkv.bias", encoder.take(key + "self_attn.in_proj_bias", 3 * width))
        dense(encoder, key + "self_attn.out_proj", name + "attn_output", width, width)
        norm(encoder, key + "norm1", name + "attn_norm", width)
        dense(encoder, key + "linear1", name + "ffn_up", ffn or None, width)
        ffn = e.tensors[f"opentslm.{name}ffn_up.bias"].shape[0]
        dense(encoder, key + "linear2", name + "ffn_down", width, ffn)
        norm(encoder, key + "norm2", name + "ffn_norm", width)
    norm(projector, "projector.0", "projector_norm", width)
    dense(projector, "projector.1", "projector", hidden, width)
    encoder.done()
    projector.done()
    if blocks == 0 or width % heads:
        raise Refused(f"{path}: an encoder of {blocks} layers, {width} wide, with {heads} heads")
    e.sizes |= {"feed_forward_length": ffn, "block_count": blocks, "attention.head_count": heads}
    return e


# ---- Flamingo ----

class Part(State):
    """The tensors of a state dictionary whose names begin so, without it."""

    def __init__(self, state, prefix):
        super().__init__(state.path, f"{state.name} {prefix}",
                         {key[len(prefix):]: value for key, value in state.left.items() if key.startswith(prefix)})


def flamingo_state(path, checkpoint):
    tensors = checkpoint.get("llm", checkpoint.get("model_state"))
    state = State(path, "llm" if "llm" in checkpoint else "model_state", tensors)
    found = [key for key in state.left if key.endswith("perceiver.latents")]
    if not found:
        raise Refused(f"{path}: {state.name} has no perceiver.latents, so it is no Flamingo model of OpenTSLM")
    return Part(state, min(found, key=len)[:-len("perceiver.latents")])


def perceiver(e, state, heads):
    latents = state.take("latents", None, e.width)
    e.put("perceiver_latents.weight", latents)
    e.norm(state, "norm", "perceiver_norm", e.width)
    layers = state.count(r"layers\.(\d+)\.")
    inner = ffn = None
    for i in range(layers):
        key, name = f"layers.{i}.", f"perceiver.{i}."
        e.norm(state, key + "0.norm_media", name + "rows_norm", e.width)
        e.norm(state, key + "0.norm_latents", name + "latents_norm", e.width)
        e.put(name + "attn_q.weight", state.take(key + "0.to_q.weight", inner, e.width))
        inner = e.tensors[f"opentslm.{name}attn_q.weight"].shape[0]
        e.put(name + "attn_kv.weight", state.take(key + "0.to_kv.weight", 2 * inner, e.width))
        e.put(name + "attn_output.weight", state.take(key + "0.to_out.weight", e.width, inner))
        e.norm(state, key + "1.0", name + "ffn_norm", e.width)
        e.put(name + "ffn_up.weight", state.take(key + "1.1.weight", ffn, e.width))
        ffn = e.tensors[f"opentslm.{name}ffn_up.weight"].shape[0]
        e.put(name + "ffn_down.weight", state.take(key + "1.3.weight", e.width, ffn))
    if not layers or inner % heads:
        raise Refused(f"{state.path}: a perceiver of {layers} layers, {inner} wide, with {heads} heads")
    state.done()
    e.sizes |= {"perceiver.latent_count": latents.shape[0], "perceiver.head_count": heads,
                "perceiver.key_length": inner // heads, "perceiver.feed_forward_length": ffn,
                "perceiver.block_count": layers}


def gated_layers(e, state, hidden, heads):
    """Cross-attention before the decoder's layers, tanh of its gates multiplied into the matrices behind it."""
    inner = ffn = None
    for i in range(state.count(r"(\d+)\.")):
        if not any(key.startswith(f"{i}.") for key in state.left):
            continue
        key, name = f"{i}.", f"blk.{i}.cross_"
        gate = np.tanh(state.take(key + "attn_gate", 1)), np.tanh(state.take(key + "ff_gate", 1))
        tensors = {
            "norm.weight": state.take(key + "attn.norm.weight", hidden),
            "norm.bias": state.take(key + "attn.norm.bias", hidden),
            "q.weight": state.take(key + "attn.to_q.weight", inner, hidden),
            "kv.weight": state.take(key + "attn.to_kv.weight", None, e.width),
            "output.weight": gate[0] * state.take(key + "attn.to_out.weight", hidden, inner),
            "ffn_norm.weight": state.take(key + "ff.0.weight", hidden),
            "ffn_norm.bias": state.take(key + "ff.0.bias", hidden),
            "ffn_up.weight": state.take(key + "ff.1.weight", ffn, hidden),
            "ffn_down.weight": gate[1] * state.take(key + "ff.3.weight", hidden, ffn),
        }
        inner, ffn = tensors["q.weight"].shape[0], tensors["ffn_up.weight"].shape[0]
        e.tensors |= {name + what: array for what, array in tensors.items()}
    if not inner or inner % heads:
        raise Refused(f"{state.path}: gated cross-attention is {inner} wide, with {heads} heads")
    state.done()
    e.sizes |= {"cross.head_count": heads, "cross.key_length": inner // heads, "cross.feed_forward_length": ffn}


def extra_tokens(base, count):
    """The tokens that OpenTSLM adds to the base's vocabulary, in their order."""
    marks = ["<|endofchunk|>", "<image>"]
    known = {2: marks, 3: [*marks, "<PAD>"] if base.architecture == "llama" else ["<image_soft_token>", *marks]}
    if count not in known:
        raise Refused(f"{base.path}: the checkpoint has {count} tokens more than this vocabulary, not 2 or 3")
    return known[count]


def flamingo(path, checkpoint, base, args):
    """(encoder, what changes in the base, tokens that are added)."""
    state = flamingo_state(path, checkpoint)
    language = Part(state, "lang_encoder.")
    e = Encoder(Part(state, "vision_encoder."))
    perceiver(e, Part(state, "perceiver."), args.heads)
    gated_layers(e, Part(language, "gated_cross_attn_layers."), base.hidden, args.heads)
    tokens = base.value("tokenizer.ggml.tokens", [])
    embeddings = {"token_embd.weight": "model.embed_tokens.weight", "output.weight": "lm_head.weight"}
    changed = {}
    for tensor in base.reader.tensors:
        if tensor.name in embeddings:
            kind = Q.F32 if tensor.tensor_type == Q.F32 else MERGED[args.merged]
            rows = language.take(embeddings[tensor.name], None, base.hidden)
            changed[tensor.name] = gguf.quants.quantize(rows, kind), kind
    count = changed["token_embd.weight"][0].shape[0]
    added = extra_tokens(base, count - len(tokens))
    e.sizes["media_token_id"] = len(tokens) + added.index("<image>")
    e.sizes["chunk_end_token_id"] = len(tokens) + added.index("<|endofchunk|>")
    return e, changed, added


# ---- adapters ----

PLACES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
          "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
          "mlp.down_proj": "ffn_down"}


def adapter_scale(path, checkpoint, rank):
    """alpha / r of the checkpoint's configuration; OpenTSLM's own, 32 / 16, where it keeps none."""
    config = checkpoint.get("lora_config")
    config = next(iter(config.values()), None) if isinstance(config, dict) else config
    alpha, r = getattr(config, "lora_alpha", None), getattr(config, "r", rank)
    if r != rank:
        raise Refused(f"{path}: lora_config says rank {r}, lora_state has {rank}")
    if getattr(config, "use_rslora", False) or getattr(config, "use_dora", False):
        raise Refused(f"{path}: lora_config asks for a form of adapter that this converter does not know")
    return (alpha if alpha is not None else 32) / r


def adapters(path, checkpoint):
    """{tensor of the base: (A [r][in], B [out][r], scale)}."""
    if not checkpoint.get("lora_enabled"):
        return {}
    state = State(path, "lora_state", checkpoint.get("lora_state"))
    found = {}
    for key in sorted(state.left):
        m = re.fullmatch(r"base_model\.model\.model\.layers\.(\d+)\.([\w.]+)\.lora_A\.default\.weight", key)
        if m and m[2] in PLACES:
            a = state.take(key, None, None)
            b = state.take(key.replace("lora_A", "lora_B"), None, a.shape[0])
            found[f"blk.{m[1]}.{PLACES[m[2]]}.weight"] = (a, b, adapter_scale(path, checkpoint, a.shape[0]))
    state.done()
    return found


def merged(base, tensor, adapter, kind):
    """The base's matrix with its adapter added, (array, type)."""
    a, b, scale = adapter
    w = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
    if w.shape != (b.shape[0], a.shape[1]):
        raise Refused(f"{base.path}: {tensor.name} is {w.shape[0]} x {w.shape[1]}; its adapter is for "
                      f"{b.shape[0]} x {a.shape[1]}")
    delta = scale * (b @ a)
    part = tensor.name.split(".")[2]
    if base.architecture == "llama" and part in ("attn_q", "attn_k"):
        # Rotated pairs are neighbours in the file and half a head apart in PyTorch.
        heads = base.heads if part == "attn_q" else base.kv_heads
        delta = delta.reshape(heads, 2, -1, delta.shape[1]).swapaxes(1, 2).reshape(delta.shape)
    kind = Q.F32 if tensor.tensor_type == Q.F32 else kind
    return gguf.quants.quantize((w + delta).astype(np.float32), kind), kind


# ---- files ----

class Base:
    def __init__(self, path):
        self.path = path
        try:
            self.reader = gguf.GGUFReader(path)
        except Exception as error:
            raise Refused(f"{path}: is no GGUF file: {error}") from error
        self.architecture = self.value("general.architecture", "")
        if any(t.name.startswith("opentslm.") for t in self.reader.tensors):
            raise Refused(f"{path}: has an encoder already")
        self.hidden = self.number("embedding_length")
        self.heads = self.number("attention.head_count")
        self.kv_heads = self.number("attention.head_count_kv", self.heads)

    def value(self, key, otherwise=None):
        field = self.reader.fields.get(key)
        return otherwise if field is None else field.contents()

    def number(self, key, otherwise=None):
        found = self.value(f"{self.architecture}.{key}", otherwise)
        if not isinstance(found, int):
            raise Refused(f"{self.path}: {self.architecture}.{key} is {found}, not one number")
        return found


def copy_metadata(base, writer, added):
    """added: tokens behind the base's own, control tokens all."""
    control = int(gguf.TokenType.CONTROL)
    longer = {"tokenizer.ggml.tokens": added, "tokenizer.ggml.token_type": [control] * len(added),
              "tokenizer.ggml.scores": [-1000.0] * len(added)}
    for field in base.reader.fields.values():
        if field.name.startswith("GGUF.") or field.name in ("general.architecture", "general.alignment"):
            continue
        kind = field.types[0]
        inner = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        value = field.contents()
        if field.name in longer:
            value = [*value, *longer[field.name]]
        elif field.name == f"{base.architecture}.vocab_size":
            value += len(added)
        writer.add_key_value(field.name, value, kind, sub_type=inner)


def write(base, out, kind, encoder, changed, added):
    writer = gguf.GGUFWriter(out, base.architecture)
    copy_metadata(base, writer, added)
    writer.add_string("opentslm.kind", kind)
    for key, value in encoder.sizes.items():
        writer.add_uint32("opentslm." + key, value)
    writer.add_float32("opentslm.attention.layer_norm_epsilon", 1e-5)
    for tensor in base.reader.tensors:
        array, stored = changed.get(tensor.name, (tensor.data, tensor.tensor_type))
        writer.add_tensor(tensor.name, array, raw_dtype=stored)
    for name, array in encoder.tensors.items():
        writer.add_tensor(name, np.ascontiguousarray(array, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def with_adapters(path, checkpoint, base, kind):
    """The base's matrices that the checkpoint has adapters for."""
    found = adapters(path, checkpoint)
    there = {t.name: t for t in base.reader.tensors}
    for name in found:
        if name not in there:
            raise Refused(f"{base.path}: has no {name}, which the checkpoint has an adapter for")
    return {name: merged(base, there[name], adapter, kind) for name, adapter in found.items()}


def convert(args):
    path, checkpoint, base = args.checkpoint, read_checkpoint(args.checkpoint), Base(args.base)
    if "encoder_state" in checkpoint:
        kind, added = "soft-prompt", []
        encoder = soft_prompt(path, checkpoint, base.hidden, args.heads)
        changed = with_adapters(path, checkpoint, base, MERGED[args.merged])
    elif "llm" in checkpoint or "model_state" in checkpoint:
        kind = "flamingo"
        encoder, changed, added = flamingo(path, checkpoint, base, args)
    else:
        raise Refused(f"{path}: has no encoder_state, llm or model_state, so it is no model of OpenTSLM")
    write(base, args.out, kind, encoder, changed, added)
    print(f"{args.out}: {kind}, {len(encoder.tensors)} tensors added, {len(changed)} changed, "
          f"{pathlib.Path(args.out).stat().st_size} bytes")


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", metavar="CHECKPOINT")
    parser.add_argument("base", metavar="BASE.gguf")
    parser.add_argument("out", metavar="OUT.gguf")
    parser.add_argument("--merged", choices=MERGED, default="f16",
                        help="type of matrices that change (default f16; fp32 ones stay fp32)")
    parser.add_argument("--heads", type=int, default=8,
                        help="attention heads of what is added, which no checkpoint says (default 8, OpenTSLM's)")
    try:
        convert(parser.parse_args(argv))
    except Refused as refused:
        sys.exit(f"convert_opentslm.py: {refused}")


if __name__ == "__main__":
    main()
