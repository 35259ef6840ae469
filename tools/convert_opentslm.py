#!/usr/bin/env python3
"""An OpenTSLM checkpoint and the GGUF file of its language model to one GGUF file that maxts reads.

    pip install gguf torch
    tools/convert_opentslm.py model_checkpoint.pt BASE.gguf OUT.gguf

The checkpoint is what OpenTSLM publishes (`model_checkpoint.pt`) or its trainer keeps (`best_model.pt`), of the
soft-prompt kind. BASE.gguf is the language model that it was trained with, in any type; it is copied. What the
checkpoint adds is written beside it, in fp32, under names that begin with "opentslm." (docs/opentslm.md). Adapters
(LoRA) are added to the matrices they belong to, which are then stored as --merged says.

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


# ---- the soft-prompt kind ----

def soft_prompt(path, checkpoint, hidden, heads):
    """(metadata, tensors) of encoder and projector."""
    encoder = State(path, "encoder_state", checkpoint["encoder_state"])
    projector = State(path, "projector_state", checkpoint.get("projector_state"))
    tensors = {}

    def put(name, array):
        tensors["opentslm." + name] = array

    def norm(state, key, name, width):
        put(name + ".weight", state.take(key + ".weight", width))
        put(name + ".bias", state.take(key + ".bias", width))

    def dense(state, key, name, rows, cols):
        put(name + ".weight", state.take(key + ".weight", rows, cols))
        put(name + ".bias", state.take(key + ".bias", rows))

    patches = encoder.take("patch_embed.weight", None, 1, None)
    width, _, patch = patches.shape
    places = encoder.take("pos_embed", 1, None, width)[0]
    put("patch_embd.weight", patches[:, 0])
    put("position_embd.weight", places)
    norm(encoder, "input_norm", "input_norm", width)
    blocks, ffn = encoder.count(r"encoder\.layers\.(\d+)\."), 0
    for i in range(blocks):
        key, name = f"encoder.layers.{i}.", f"blk.{i}."
        put(name + "attn_qkv.weight", encoder.take(key + "self_attn.in_proj_weight", 3 * width, width))
        put(name + "attn_qkv.bias", encoder.take(key + "self_attn.in_proj_bias", 3 * width))
        dense(encoder, key + "self_attn.out_proj", name + "attn_output", width, width)
        norm(encoder, key + "norm1", name + "attn_norm", width)
        dense(encoder, key + "linear1", name + "ffn_up", ffn or None, width)
        ffn = tensors[f"opentslm.{name}ffn_up.bias"].shape[0]
        dense(encoder, key + "linear2", name + "ffn_down", width, ffn)
        norm(encoder, key + "norm2", name + "ffn_norm", width)
    norm(projector, "projector.0", "projector_norm", width)
    dense(projector, "projector.1", "projector", hidden, width)
    encoder.done()
    projector.done()
    if blocks == 0 or width % heads:
        raise Refused(f"{path}: an encoder of {blocks} layers, {width} wide, with {heads} heads")
    sizes = {"patch_length": patch, "embedding_length": width, "context_length": places.shape[0],
             "feed_forward_length": ffn, "block_count": blocks, "attention.head_count": heads}
    return sizes, tensors


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


def copy_metadata(base, writer):
    for field in base.reader.fields.values():
        if field.name.startswith("GGUF.") or field.name in ("general.architecture", "general.alignment"):
            continue
        kind = field.types[0]
        inner = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), kind, sub_type=inner)


def write(base, out, kind, sizes, tensors, changed):
    writer = gguf.GGUFWriter(out, base.architecture)
    copy_metadata(base, writer)
    writer.add_string("opentslm.kind", kind)
    for key, value in sizes.items():
        writer.add_uint32("opentslm." + key, value)
    writer.add_float32("opentslm.attention.layer_norm_epsilon", 1e-5)
    for tensor in base.reader.tensors:
        array, stored = changed.get(tensor.name, (tensor.data, tensor.tensor_type))
        writer.add_tensor(tensor.name, array, raw_dtype=stored)
    for name, array in tensors.items():
        writer.add_tensor(name, array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def convert(args):
    checkpoint, base = read_checkpoint(args.checkpoint), Base(args.base)
    if "encoder_state" not in checkpoint:
        raise Refused(f"{args.checkpoint}: has no encoder_state, so it is no soft-prompt model of OpenTSLM")
    sizes, tensors = soft_prompt(args.checkpoint, checkpoint, base.hidden, args.heads)
    changed = adapters(args.checkpoint, checkpoint)
    there = {t.name: t for t in base.reader.tensors}
    for name in changed:
        if name not in there:
            raise Refused(f"{args.base}: has no {name}, which the checkpoint has an adapter for")
        changed[name] = merged(base, there[name], changed[name], MERGED[args.merged])
    write(base, args.out, "soft-prompt", sizes, tensors, changed)
    print(f"{args.out}: {len(tensors)} tensors added, {len(changed)} matrices with adapters, "
          f"{pathlib.Path(args.out).stat().st_size} bytes")


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", metavar="CHECKPOINT")
    parser.add_argument("base", metavar="BASE.gguf")
    parser.add_argument("out", metavar="OUT.gguf")
    parser.add_argument("--merged", choices=MERGED, default="f16",
                        help="type of matrices that an adapter was added to (default f16; fp32 ones stay fp32)")
    parser.add_argument("--heads", type=int, default=8,
                        help="attention heads of the encoder, which a checkpoint does not say (default 8, OpenTSLM's)")
    try:
        convert(parser.parse_args(argv))
    except Refused as refused:
        sys.exit(f"convert_opentslm.py: {refused}")


if __name__ == "__main__":
    main()
