#!/usr/bin/python3
# make_bert_tiny.py: a small random BERT as GGUF, and what plain PyTorch makes of some texts: the outside truth of the
# forward pass. Shares no code with nano: its own GGUF writer, tokenizer and network. Needs python3-torch.
#
#     ./make_bert_tiny.py        writes bert_tiny/bert_tiny.gguf and bert_tiny/golden.json
import json
import math
import os
import struct

import torch

HIDDEN, LAYERS, HEADS, INNER, CONTEXT, EPS = 64, 2, 4, 128, 48, 1e-12
LABELS = ["negative", "neutral", "positive"]
MARK = "\u2581"  # llama.cpp writes word-initial pieces with it and the others bare

WORDS = """the a of to and in is it that this was for with as on be at by not but are have from or an they which you
one we all had there has been film movie good bad great poor very really never always like love hate best worst well
made story acting plot fun dull boring funny sad happy time way little much too so more most than its his her he she
no yes watch see think feel end start new old long short fine""".split()
PIECES = "s ing ed er ly ness ful less est un able ion al y e t n d r".split()
LETTERS = list("abcdefghijklmnopqrstuvwxyz0123456789")
SIGNS = list(".,!?'-:;\"()")

# (text, what it is for)
TEXTS = ["the film is good", "", "A really boring movie, not fun at all!", "unwatchable", "zq7", "\u732b good",
         "it is the best film: great story, great acting; i loved it and she loved it too. " * 3, "never"]


def vocabulary():
    """[(piece as written, token type)]; BERT's order: special, then the rest."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    initial = WORDS + [c for c in LETTERS if c not in WORDS] + SIGNS
    following = LETTERS + [p for p in PIECES if len(p) > 1]
    return [(s, 3) for s in special] + [(MARK + w, 1) for w in initial] + [(p, 1) for p in following]


def encode(text, pieces):
    """BERT's basic tokenizer for lower-cased ASCII and CJK, then the longest piece first."""
    ids = {p: i for i, (p, _) in enumerate(pieces)}
    words, word = [], ""
    for c in text.lower():
        alone = c in SIGNS or "\u4e00" <= c <= "\u9fff"
        if (c == " " or alone) and word:
            words.append(word)
            word = ""
        if alone:
            words.append(c)
        elif c != " ":
            word += c
    words += [word] if word else []
    out = [2]
    for w in words:
        found, at = [], 0
        while at < len(w):
            for end in range(len(w), at, -1):
                piece = (MARK if at == 0 else "") + w[at:end]
                if piece in ids:
                    found.append(ids[piece])
                    at = end
                    break
            else:
                found = [1]
                break
        out += found
    return out[:CONTEXT - 1] + [3]


def weights(vocab):
    torch.manual_seed(20261120)
    w = {}

    def normal(name, *shape, std):
        w[name] = torch.randn(*shape) * std

    def norm(name):
        w[name + ".weight"] = 1 + torch.randn(HIDDEN) * 0.2
        w[name + ".bias"] = torch.randn(HIDDEN) * 0.2

    def linear(name, inputs, outputs):
        normal(name + ".weight", outputs, inputs, std=1.2 / math.sqrt(inputs))
        normal(name + ".bias", outputs, std=0.2)

    normal("token_embd.weight", vocab, HIDDEN, std=0.5)
    normal("token_types.weight", 2, HIDDEN, std=0.5)
    normal("position_embd.weight", CONTEXT, HIDDEN, std=0.3)
    norm("token_embd_norm")
    for i in range(LAYERS):
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            linear(f"blk.{i}.{part}", HIDDEN, HIDDEN)
        norm(f"blk.{i}.attn_output_norm")
        linear(f"blk.{i}.ffn_up", HIDDEN, INNER)
        linear(f"blk.{i}.ffn_down", INNER, HIDDEN)
        norm(f"blk.{i}.layer_output_norm")
    linear("cls", HIDDEN, HIDDEN)
    linear("cls.output", HIDDEN, len(LABELS))
    return w


def forward(w, ids):
    """(t) ids -> (t, HIDDEN), in double."""
    w = {k: v.double() for k, v in w.items()}
    f = torch.nn.functional

    def lin(x, name):
        return f.linear(x, w[name + ".weight"], w[name + ".bias"])

    def ln(x, name):
        return f.layer_norm(x, (HIDDEN,), w[name + ".weight"], w[name + ".bias"], EPS)

    t = len(ids)
    x = ln(w["token_embd.weight"][ids] + w["position_embd.weight"][:t] + w["token_types.weight"][0], "token_embd_norm")
    for i in range(LAYERS):
        b = f"blk.{i}."
        q, k, v = (lin(x, b + p).view(t, HEADS, -1).transpose(0, 1) for p in ("attn_q", "attn_k", "attn_v"))
        a = torch.softmax(q @ k.transpose(1, 2) / math.sqrt(HIDDEN // HEADS), -1) @ v
        x = ln(x + lin(a.transpose(0, 1).reshape(t, HIDDEN), b + "attn_output"), b + "attn_output_norm")
        x = ln(x + lin(f.gelu(lin(x, b + "ffn_up")), b + "ffn_down"), b + "layer_output_norm")
    logits = lin(torch.tanh(lin(x[0], "cls")), "cls.output")
    return x, logits


def gguf_string(s):
    b = s.encode()
    return struct.pack("<Q", len(b)) + b


def write_gguf(path, pieces, w):
    pairs = []

    def add(key, kind, payload):
        pairs.append(gguf_string(key) + struct.pack("<I", kind) + payload)

    def u32(key, v):
        add(key, 4, struct.pack("<I", v))

    def text(key, v):
        add(key, 8, gguf_string(v))

    def array(key, kind, items):
        add(key, 9, struct.pack("<IQ", kind, len(items)) + b"".join(items))

    text("general.architecture", "bert")
    text("general.name", "bert-tiny")
    u32("general.file_type", 0)
    u32("bert.context_length", CONTEXT)
    u32("bert.embedding_length", HIDDEN)
    u32("bert.block_count", LAYERS)
    u32("bert.feed_forward_length", INNER)
    u32("bert.attention.head_count", HEADS)
    add("bert.attention.layer_norm_epsilon", 6, struct.pack("<f", EPS))
    add("bert.attention.causal", 7, b"\0")
    u32("bert.pooling_type", 4)
    array("bert.classifier.output_labels", 8, [gguf_string(s) for s in LABELS])
    text("tokenizer.ggml.model", "bert")
    text("tokenizer.ggml.pre", "jina-v2-en")
    u32("tokenizer.ggml.token_type_count", 2)
    array("tokenizer.ggml.tokens", 8, [gguf_string(p) for p, _ in pieces])
    array("tokenizer.ggml.token_type", 5, [struct.pack("<i", t) for _, t in pieces])
    for key, v in (("padding", 0), ("unknown", 1), ("cls", 2), ("bos", 2), ("eos", 3), ("seperator", 3), ("mask", 4)):
        u32(f"tokenizer.ggml.{key}_token_id", v)

    infos, data = b"", b""
    for name, v in w.items():
        dims = list(reversed(v.shape))
        infos += gguf_string(name) + struct.pack("<I", len(dims)) + b"".join(struct.pack("<Q", d) for d in dims)
        infos += struct.pack("<IQ", 0, len(data))
        data += v.float().contiguous().numpy().tobytes()
        data += b"\0" * (-len(data) % 32)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(w), len(pairs)) + b"".join(pairs) + infos
    with open(path, "wb") as out:
        out.write(head + b"\0" * (-len(head) % 32) + data)


def main():
    here = os.path.dirname(os.path.abspath(__file__)) + "/bert_tiny/"
    os.makedirs(here, exist_ok=True)
    pieces = vocabulary()
    w = weights(len(pieces))
    write_gguf(here + "bert_tiny.gguf", pieces, w)
    cases = []
    for t in TEXTS:
        ids = encode(t, pieces)
        x, logits = forward(w, ids)
        mean = torch.nn.functional.normalize(x.mean(0), dim=0)
        rounded = [[round(float(v), 7) for v in part] for part in (x[0], x[-1], mean, logits, torch.softmax(logits, 0))]
        cases.append(dict(zip(("text", "ids", "first", "last", "mean", "logits", "scores"), [t, ids] + rounded)))
    with open(here + "golden.json", "w", encoding="ascii") as out:
        out.write('{"cases": [\n' + ",\n".join(json.dumps(c) for c in cases) + "\n]}\n")


if __name__ == "__main__":
    main()
