#!/usr/bin/env python3
"""Writes corpus/gguf_model/seed_* and corpus/wordpiece/seed_*: tiny models and texts from which the fuzzer starts.

usage: make_model_seeds.py          (writes beside this file; own GGUF writer, no nano code)
"""
import pathlib, random, struct

HERE = pathlib.Path(__file__).resolve().parent


def seed(target, name, data):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"seed_{name}").write_bytes(data)


def text(s):
    b = s.encode()
    return struct.pack("<Q", len(b)) + b


def pair(key, kind, payload):
    return text(key) + struct.pack("<I", kind) + payload


def u32(key, v):
    return pair(key, 4, struct.pack("<I", v))


def words(key, items):
    return pair(key, 9, struct.pack("<IQ", 8, len(items)) + b"".join(text(i) for i in items))


def gguf(pairs, tensors):
    """tensors: [(name, dims, type id, bytes)]"""
    infos, data = b"", b""
    for name, dims, kind, body in tensors:
        infos += text(name) + struct.pack("<I", len(dims)) + b"".join(struct.pack("<Q", d) for d in dims)
        infos += struct.pack("<IQ", kind, len(data))
        data += body + b"\0" * (-len(body) % 32)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs)) + b"".join(pairs) + infos
    return head + b"\0" * (-len(head) % 32) + data


rng = random.Random(7)
BLOCK = {0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 30: (1, 2)}


def body(kind, count):
    block, size = BLOCK[kind]
    if kind == 0:
        return b"".join(struct.pack("<f", rng.uniform(-0.4, 0.4)) for _ in range(count))
    out = b""
    for _ in range(count // block):
        scale = struct.pack("<e", 0.01) if kind != 30 else b"\x10\x3c"
        if block == 1:
            out += struct.pack("<e", rng.uniform(-0.4, 0.4)) if kind == 1 else scale
        else:
            out += scale + (scale if kind in (3, 7) else b"")
            out += bytes(rng.randrange(256) for _ in range(size - len(scale) * (2 if kind in (3, 7) else 1)))
    return out


def bert(kind, hidden=32, layers=1, inner=32):
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "\u2581a", "b", "\u2581c", "\u2581."]
    pairs = [pair("general.architecture", 8, text("bert")), u32("bert.context_length", 8),
             u32("bert.embedding_length", hidden), u32("bert.block_count", layers),
             u32("bert.feed_forward_length", inner), u32("bert.attention.head_count", 1),
             pair("bert.attention.layer_norm_epsilon", 6, struct.pack("<f", 1e-12)), u32("bert.pooling_type", 2),
             pair("tokenizer.ggml.model", 8, text("bert")), words("tokenizer.ggml.tokens", pieces)]
    tensors = []

    def add(name, *dims, kind=0):
        count = 1
        for d in dims:
            count *= d
        tensors.append((name, dims, kind, body(kind, count)))

    def norm(name):
        add(name + ".weight", hidden)
        add(name + ".bias", hidden)

    def linear(name, k, n):
        add(name + ".weight", k, n, kind=kind)
        add(name + ".bias", n)

    add("token_embd.weight", hidden, len(pieces), kind=kind)
    add("position_embd.weight", hidden, 8)
    norm("token_embd_norm")
    for i in range(layers):
        b = f"blk.{i}."
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            linear(b + part, hidden, hidden)
        norm(b + "attn_output_norm")
        linear(b + "ffn_up", hidden, inner)
        linear(b + "ffn_down", inner, hidden)
        norm(b + "layer_output_norm")
    linear("cls.output", hidden, 2)
    return gguf(pairs, tensors)


for kind in (2, 8):
    seed("gguf_model", f"bert_type{kind}", bert(kind))
seed("gguf_model", "vocabulary", gguf([words("tokenizer.ggml.tokens", ["a", "b"])], []))
seed("gguf_model", "types", gguf([], [(f"t{k}", (32,), k, body(k, 32)) for k in BLOCK]))
for name, line in {"plain": "the thing, isn't it?", "marks": "\u00c9cole \u00e9 e\u0301 \u1e9e \u03b1\u03b2 \uac01",
                   "cjk": "\u6211\u60f3a", "long": "a" * 120}.items():
    seed("wordpiece", name, b"\0" + line.encode())
seed("wordpiece", "bytes", bytes([9]) + bytes(range(256)))
