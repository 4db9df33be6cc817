#!/usr/bin/env python3
"""Writes corpus/<target>/seed_* for what reads models: tiny models, folders' files and texts from which the fuzzer starts.

usage: make_model_seeds.py          (writes beside this file; own GGUF writer, no nano code)
"""
import json, pathlib, random, struct

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
for name in ("unigram", "pairs"):
    seed("gguf_model", name, (HERE.parent / "data" / "tokenizers" / f"{name}.gguf").read_bytes())
for name, line in {"plain": "the thing, isn't it?", "marks": "\u00c9cole \u00e9 e\u0301 \u1e9e \u03b1\u03b2 \uac01",
                   "cjk": "\u6211\u60f3a", "long": "a" * 120, "spaces": " a  b\n\n c \u3000d    <x>", "end": "I've  "}.items():
    for target in ("wordpiece", "pieces"):
        seed(target, name, b"\0" + line.encode())
for target in ("wordpiece", "pieces"):
    seed(target, "bytes", bytes([9]) + bytes(range(256)))


def safetensors(tensors, more={}):
    header, data = dict(more), b""
    for name, (dtype, shape, body_) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(body_)]}
        data += body_
    text_ = json.dumps(header).encode()
    return struct.pack("<Q", len(text_)) + text_ + data


seed("safetensors", "two", safetensors({"b": ("F32", [2, 3], bytes(24)), "a": ("BF16", [4], bytes(8))},
                                       {"__metadata__": {"format": "pt"}}))
seed("safetensors", "kinds", safetensors({"x": ("I64", [1, 2], bytes(16)), "y": ("F16", [], bytes(2)), "z": ("U8", [3], bytes(3))}))
seed("safetensors", "none", safetensors({}))

BERT = {"model_type": "bert", "architectures": ["BertForSequenceClassification"], "hidden_size": 8, "num_hidden_layers": 1,
        "num_attention_heads": 2, "intermediate_size": 8, "vocab_size": 9, "max_position_embeddings": 6, "type_vocab_size": 2,
        "layer_norm_eps": 1e-12, "hidden_act": "gelu", "id2label": {"0": "no", "1": "yes"}, "problem_type": None}
MODERN = {"model_type": "modernbert", "architectures": ["ModernBertModel"], "hidden_size": 8, "num_hidden_layers": 2,
          "num_attention_heads": 2, "intermediate_size": 8, "vocab_size": 9, "max_position_embeddings": 6, "norm_eps": 1e-5,
          "global_attn_every_n_layers": 3, "local_attention": 4, "global_rope_theta": 160000.0, "local_rope_theta": 10000.0,
          "classifier_pooling": "mean", "rope_parameters": {"full_attention": {"rope_theta": 1.0}}}
DISTIL = {"model_type": "distilbert", "architectures": ["DistilBertForTokenClassification"], "dim": 8, "n_layers": 1,
          "n_heads": 2, "hidden_dim": 8, "vocab_size": 9, "max_position_embeddings": 6, "activation": "gelu"}
ROBERTA = {**BERT, "model_type": "roberta", "architectures": ["RobertaModel"], "pad_token_id": 1}
for name, config in {"bert": BERT, "modern": MODERN, "distil": DISTIL, "roberta": ROBERTA}.items():
    seed("model_config", name, b"\0" + json.dumps(config).encode())
seed("model_config", "modules", b"\1" + json.dumps([{"idx": 0, "name": "0", "path": "", "type": "s.models.Transformer"},
    {"path": "1_Pooling", "type": "s.models.Pooling"}, {"path": "2_Normalize", "type": "s.models.Normalize"}]).encode())
seed("model_config", "pooling", b"\2" + json.dumps({"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True,
    "pooling_mode_max_tokens": False, "word_embedding_dimension": 8}).encode())
seed("model_config", "length", b'\3{"max_seq_length": 4}')
seed("model_config", "index", b'\4{"weight_map": {"a": "model-1.safetensors"}}')

SPECIAL = [{"id": i, "content": c, "special": True} for i, c in enumerate(["<s>", "<pad>", "</s>", "<unk>"])]
seed("tokenizer_json", "words", b"\0" + json.dumps({"model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
    "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "a": 3, "##b": 4}}, "normalizer": {"type": "BertNormalizer", "lowercase": False},
    "pre_tokenizer": {"type": "BertPreTokenizer"}, "added_tokens": [{"id": 0, "content": "[UNK]", "special": True}]}).encode())
BYTES = [chr(b) for b in range(0x21, 0x7F)] + [chr(b) for b in range(0xA1, 0xAD)] + [chr(b) for b in range(0xAE, 0x100)]
BYTES += [chr(0x100 + n) for n in range(256 - len(BYTES))]
VOCAB = {c: i + 4 for i, c in enumerate(BYTES)} | {"ab": 260, "\u0120a": 261}
seed("tokenizer_json", "bytes", b"\0" + json.dumps({"model": {"type": "BPE", "vocab": {t["content"]: t["id"] for t in SPECIAL} | VOCAB,
    "merges": ["a b", ["\u0120", "a"]]}, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False}, "normalizer": {"type": "NFC"},
    "added_tokens": SPECIAL + [{"id": 262, "content": "  ", "special": False}]}).encode())
seed("tokenizer_json", "unigram", b"\0" + json.dumps({"model": {"type": "Unigram", "unk_id": 3, "vocab":
    [[t["content"], 0.0] for t in SPECIAL] + [["\u2581", -2.0], ["a", -3.5], ["\u2581a", -2.5]]}, "added_tokens": SPECIAL,
    "normalizer": {"type": "Sequence", "normalizers": [{"type": "Precompiled", "precompiled_charsmap": "BAAAAAAAAAA="},
    {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]}, "pre_tokenizer": {"type": "Sequence", "pretokenizers":
    [{"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always"}]}}).encode())
seed("tokenizer_json", "lines", b"\1[UNK]\n[CLS]\n[SEP]\na\n##b\n")
seed("tokenizer_json", "vocab", b'\2{"<s>":0,"</s>":1,"a":2,"b":3,"ab":4}')
seed("tokenizer_json", "merges", b"\3#version: 0.2\na b\n")
seed("tokenizer_json", "settings", b'\4{"cls_token": {"content": "<s>"}, "add_prefix_space": false}')
