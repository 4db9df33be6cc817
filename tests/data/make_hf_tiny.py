#!/usr/bin/python3
# make_hf_tiny.py: small random models as Hugging Face folders, and what plain PyTorch makes of some texts: the outside truth
# of `nano convert`. Shares no code with nano, writes safetensors by hand. Needs python3-torch, python3-sentencepiece and
# python3-protobuf.
#
#     ./make_hf_tiny.py        writes hf/<model>/… and hf/golden.json
import base64
import json
import math
import os
import re
import shutil
import struct
import tempfile

import sentencepiece as spm
import torch
from sentencepiece import sentencepiece_model_pb2 as pb

import make_tokenizers

H, HEADS, INNER, LAYERS, CONTEXT = 16, 2, 24, 2, 24
HERE = os.path.dirname(os.path.abspath(__file__)) + "/hf/"
WORDS = "the a film is good bad very not story Good Berlin in it was great ! . ,".split()
PLAIN = ["the film is good", "a very bad story , not good !", "it was great ."]
F = torch.nn.functional


# --- weights

class Weights(dict):
    """name -> tensor, random, rounded to the type they are written in."""

    def __init__(self, seed, dtype=torch.float32):
        super().__init__()
        self.generator = torch.Generator().manual_seed(seed)
        self.dtype = dtype

    def add(self, name, *shape, std=0.4, mean=0.0):
        self[name] = (torch.randn(*shape, generator=self.generator) * std + mean).to(self.dtype)

    def linear(self, name, n, k, bias=True):
        self.add(name + ".weight", n, k, std=1.0 / math.sqrt(k))
        if bias:
            self.add(name + ".bias", n, std=0.2)

    def norm(self, name, bias=True):
        self.add(name + ".weight", H, std=0.2, mean=1.0)
        if bias:
            self.add(name + ".bias", H, std=0.2)


KINDS = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64"}


def raw(t):
    t = t.contiguous()
    return t.view(torch.int16).numpy().tobytes() if t.dtype == torch.bfloat16 else t.numpy().tobytes()


def safetensors(path, tensors):
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, t in tensors.items():
        header[name] = {"dtype": KINDS[t.dtype], "shape": list(t.shape), "data_offsets": [len(data), len(data) + len(raw(t))]}
        data += raw(t)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text + data)


# --- networks, in double

def lin(w, x, name):
    return F.linear(x, w[name + ".weight"], w.get(name + ".bias"))


def ln(w, x, name, eps):
    return F.layer_norm(x, (H,), w[name + ".weight"], w.get(name + ".bias"), eps)


def attend(q, k, v, mask=None):
    scores = q @ k.transpose(1, 2) / math.sqrt(H // HEADS)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    out = torch.softmax(scores, -1) @ v
    return out.transpose(0, 1).reshape(q.shape[1], H)


def heads(x):
    return x.view(x.shape[0], HEADS, -1).transpose(0, 1)


BERT_LAYER = dict(q="attention.self.query", k="attention.self.key", v="attention.self.value", o="attention.output.dense",
                  on="attention.output.LayerNorm", up="intermediate.dense", down="output.dense", dn="output.LayerNorm")
DISTIL_LAYER = dict(q="attention.q_lin", k="attention.k_lin", v="attention.v_lin", o="attention.out_lin", on="sa_layer_norm",
                    up="ffn.lin1", down="ffn.lin2", dn="output_layer_norm")


def bert_weights(w, p, vocab, types, positions, layer, names):
    w.add(p + "embeddings.word_embeddings.weight", vocab, H)
    w.add(p + "embeddings.position_embeddings.weight", positions, H)
    if types:
        w.add(p + "embeddings.token_type_embeddings.weight", types, H)
    w.norm(p + "embeddings.LayerNorm")
    for i in range(LAYERS):
        b = f"{p}{layer}.{i}."
        for part in "qkvo":
            w.linear(b + names[part], H, H)
        w.norm(b + names["on"])
        w.linear(b + names["up"], INNER, H)
        w.linear(b + names["down"], H, INNER)
        w.norm(b + names["dn"])


def bert(w, p, ids, types, first, layer, names, eps):
    t = len(ids)
    e = p + "embeddings."
    x = w[e + "word_embeddings.weight"][ids] + w[e + "position_embeddings.weight"][first:first + t]
    if types:
        x = x + w[e + "token_type_embeddings.weight"][0]
    x = ln(w, x, e + "LayerNorm", eps)
    for i in range(LAYERS):
        b = f"{p}{layer}.{i}."
        a = attend(*(heads(lin(w, x, b + names[part])) for part in "qkv"))
        x = ln(w, x + lin(w, a, b + names["o"]), b + names["on"], eps)
        x = ln(w, x + lin(w, F.gelu(lin(w, x, b + names["up"])), b + names["down"]), b + names["dn"], eps)
    return x


def rotate(x, base):
    """(heads, t, d): pairs (i, i + d/2) are turned."""
    t, d = x.shape[1], x.shape[2]
    angle = torch.arange(t, dtype=torch.double)[:, None] * base ** (-torch.arange(0, d, 2, dtype=torch.double) / d)[None]
    cos, sin = torch.cat([angle.cos()] * 2, -1), torch.cat([angle.sin()] * 2, -1)
    half = torch.cat([-x[..., d // 2:], x[..., :d // 2]], -1)
    return x * cos + half * sin


def modern_weights(w, p, vocab, layers):
    w.add(p + "embeddings.tok_embeddings.weight", vocab, H)
    w.norm(p + "embeddings.norm", bias=False)
    for i in range(layers):
        b = f"{p}layers.{i}."
        if i:
            w.norm(b + "attn_norm", bias=False)
        w.linear(b + "attn.Wqkv", 3 * H, H, bias=False)
        w.linear(b + "attn.Wo", H, H, bias=False)
        w.norm(b + "mlp_norm", bias=False)
        w.linear(b + "mlp.Wi", 2 * INNER, H, bias=False)
        w.linear(b + "mlp.Wo", H, INNER, bias=False)
    w.norm(p + "final_norm", bias=False)


def modern(w, p, ids, layers, period, window, bases, eps):
    x = ln(w, w[p + "embeddings.tok_embeddings.weight"][ids], p + "embeddings.norm", eps)
    at = torch.arange(len(ids))
    near = (at[:, None] - at[None]).abs() <= window // 2
    for i in range(layers):
        b, local = f"{p}layers.{i}.", i % period != 0
        q, k, v = (heads(part) for part in lin(w, ln(w, x, b + "attn_norm", eps) if i else x, b + "attn.Wqkv").split(H, -1))
        base = bases[1 if local else 0]
        x = x + lin(w, attend(rotate(q, base), rotate(k, base), v, near if local else None), b + "attn.Wo")
        one, two = lin(w, ln(w, x, b + "mlp_norm", eps), b + "mlp.Wi").split(INNER, -1)
        x = x + lin(w, F.gelu(one) * two, b + "mlp.Wo")
    return ln(w, x, p + "final_norm", eps)


# --- vocabularies

def word_pieces(cased):
    return ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + sorted({w if cased else w.lower() for w in WORDS}) + ["##ly", "un"]


def word_ids(pieces, cased):
    return lambda text: [2] + [pieces.index(w) if w in pieces else 1 for w in (text if cased else text.lower()).split()] + [3]


def byte_vocabulary():
    """GPT-2's bytes as characters, and merges that make the words with a space before them."""
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    char = {b: chr(b) for b in shown} | {b: chr(0x100 + n) for n, b in enumerate(b for b in range(256) if b not in shown)}
    merges = []
    for word in ["the", "film", "good", "very", "story", "great"]:
        sofar = char[32]
        for c in word:
            if (sofar, c) not in merges:
                merges.append((sofar, c))
            sofar += c
    return list(char.values()), merges, char


def byte_ids(vocab, merges, char, first, last):
    def word(symbols):
        while True:
            ranked = [(merges.index(p), i) for i, p in enumerate(zip(symbols, symbols[1:])) if p in merges]
            if not ranked:
                return symbols
            i = min(ranked)[1]
            symbols = symbols[:i] + [symbols[i] + symbols[i + 1]] + symbols[i + 2:]

    def encode(text):
        parts = re.findall(r" ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+", text)
        return [vocab[first]] + [vocab[s] for p in parts for s in word([char[b] for b in p.encode()])] + [vocab[last]]

    return encode


# --- folders

def folder(name, config, shards, files):
    path = HERE + name
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    if len(shards) == 1:
        safetensors(path + "/model.safetensors", shards[0])
    else:
        where = {}
        for i, shard in enumerate(shards):
            file = f"model-{i + 1:05d}-of-{len(shards):05d}.safetensors"
            safetensors(f"{path}/{file}", shard)
            where |= {t: file for t in shard}
        files = files | {"model.safetensors.index.json": {"metadata": {"total_size": 0}, "weight_map": where}}
    for file, content in ({"config.json": config} | files).items():
        os.makedirs(os.path.dirname(f"{path}/{file}"), exist_ok=True)
        with open(f"{path}/{file}", "w", encoding="utf-8") as out:
            out.write(content if isinstance(content, str) else json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def base_config(kind, cls, vocab, **more):
    return {"model_type": kind, "architectures": [cls], "hidden_size": H, "num_hidden_layers": LAYERS,
            "num_attention_heads": HEADS, "intermediate_size": INNER, "max_position_embeddings": CONTEXT,
            "type_vocab_size": 2, "layer_norm_eps": 1e-12, "hidden_act": "gelu", "vocab_size": vocab} | more


def rounded(t):
    return [[round(float(v), 7) for v in row] for row in (t if t.dim() == 2 else t[None])]


GOLDEN = {}


def golden(name, encode, forward, w, texts=PLAIN):
    double = {k: v.double() for k, v in w.items() if v.dtype != torch.int64}
    GOLDEN[name] = [{"text": t, "ids": encode(t), "out": rounded(forward(double, encode(t)))} for t in texts]


def tokens(names):
    return [{"id": i, "content": c, "special": True, "lstrip": False} for i, c in names]


def bert_cls():
    pieces, w = word_pieces(False), Weights(1)
    bert_weights(w, "bert.", len(pieces), 2, CONTEXT, "encoder.layer", BERT_LAYER)
    w.linear("bert.pooler.dense", H, H)
    w.linear("classifier", 3, H)
    golden("bert_cls", word_ids(pieces, False), lambda d, ids: lin(d, torch.tanh(lin(d, bert(
        d, "bert.", ids, 2, 0, "encoder.layer", BERT_LAYER, 1e-12)[0], "bert.pooler.dense")), "classifier"), w,
        PLAIN + ["The FILM is Good", "zzz ."])
    # As old checkpoints name norms; and a table of positions that no one needs.
    old = {k.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): v for k, v in w.items()}
    old["bert.embeddings.position_ids"] = torch.arange(CONTEXT)[None]
    folder("bert_cls", base_config("bert", "BertForSequenceClassification", len(pieces),
                                   id2label={"0": "bad", "1": "neutral", "2": "good"}), [old],
           {"vocab.txt": "\n".join(pieces) + "\n", "tokenizer_config.json": {"do_lower_case": True}})


def bert_ner():
    pieces, w = word_pieces(True), Weights(2, torch.float16)
    bert_weights(w, "bert.", len(pieces), 2, CONTEXT, "encoder.layer", BERT_LAYER)
    w.linear("classifier", 3, H)
    golden("bert_ner", word_ids(pieces, True), lambda d, ids: lin(d, bert(
        d, "bert.", ids, 2, 0, "encoder.layer", BERT_LAYER, 1e-12), "classifier"), w, ["Berlin is Good", "good Good berlin"])
    folder("bert_ner", base_config("bert", "BertForTokenClassification", len(pieces),
                                   id2label={"0": "O", "1": "B-LOC", "2": "I-LOC"}), [w],
           {"tokenizer.json": {"version": "1.0", "added_tokens": tokens(enumerate(pieces[:5])),
                               "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                                              "strip_accents": None, "lowercase": False},
                               "pre_tokenizer": {"type": "BertPreTokenizer"},
                               "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                                         "max_input_chars_per_word": 100, "vocab": {p: i for i, p in enumerate(pieces)}}}})


def minilm():
    pieces, w = word_pieces(False), Weights(3)
    bert_weights(w, "", len(pieces), 2, CONTEXT, "encoder.layer", BERT_LAYER)
    w.linear("pooler.dense", H, H)
    golden("minilm", word_ids(pieces, False), lambda d, ids: F.normalize(bert(
        d, "", ids, 2, 0, "encoder.layer", BERT_LAYER, 1e-12).mean(0), dim=0), w)
    names = list(w)
    folder("minilm", base_config("bert", "BertModel", len(pieces)), [{n: w[n] for n in names[:9]}, {n: w[n] for n in names[9:]}],
           {"vocab.txt": "\n".join(pieces) + "\n",
            "modules.json": [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
                             {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
                             {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}],
            "1_Pooling/config.json": {"word_embedding_dimension": H, "pooling_mode_cls_token": False,
                                      "pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": False},
            "sentence_bert_config.json": {"max_seq_length": 20, "do_lower_case": False}})


def distilbert_cls():
    pieces, w = word_pieces(False), Weights(4)
    bert_weights(w, "distilbert.", len(pieces), 0, CONTEXT, "transformer.layer", DISTIL_LAYER)
    w.linear("pre_classifier", H, H)
    w.linear("classifier", 2, H)
    golden("distilbert_cls", word_ids(pieces, False), lambda d, ids: lin(d, torch.relu(lin(d, bert(
        d, "distilbert.", ids, 0, 0, "transformer.layer", DISTIL_LAYER, 1e-12)[0], "pre_classifier")), "classifier"), w)
    folder("distilbert_cls", {"model_type": "distilbert", "architectures": ["DistilBertForSequenceClassification"], "dim": H,
                              "n_layers": LAYERS, "n_heads": HEADS, "hidden_dim": INNER, "vocab_size": len(pieces),
                              "max_position_embeddings": CONTEXT, "activation": "gelu", "tie_weights_": True,
                              "id2label": {"0": "LABEL_0", "1": "LABEL_1"}, "problem_type": "multi_label_classification"}, [w],
           {"vocab.txt": "\n".join(pieces) + "\n"})


def roberta_cls():
    chars, merges, char = byte_vocabulary()
    pieces = ["<s>", "<pad>", "</s>", "<unk>"] + chars + [a + b for a, b in merges] + ["<mask>"]
    vocab, w = {p: i for i, p in enumerate(pieces)}, Weights(5)
    bert_weights(w, "roberta.", len(pieces), 1, CONTEXT + 2, "encoder.layer", BERT_LAYER)
    w.linear("classifier.dense", H, H)
    w.linear("classifier.out_proj", 2, H)
    golden("roberta_cls", byte_ids(vocab, merges, char, "<s>", "</s>"), lambda d, ids: lin(d, torch.tanh(lin(d, bert(
        d, "roberta.", ids, 1, 2, "encoder.layer", BERT_LAYER, 1e-5)[0], "classifier.dense")), "classifier.out_proj"), w,
        ["the film is good", " a very  good story 12!"])
    folder("roberta_cls", base_config("roberta", "RobertaForSequenceClassification", len(pieces), layer_norm_eps=1e-5,
                                      type_vocab_size=1, max_position_embeddings=CONTEXT + 2, pad_token_id=1,
                                      id2label={"0": "no", "1": "yes"}), [w],
           {"vocab.json": vocab, "merges.txt": "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges)})


def xlmr():
    with tempfile.TemporaryDirectory() as tmp:
        blob = make_tokenizers.train("unigram", tmp)
    model = pb.ModelProto()
    model.ParseFromString(blob)
    processor = spm.SentencePieceProcessor(model_proto=blob)
    # Hugging Face's order: <s> <pad> </s> <unk>, then SentencePiece's from its fourth on, then <mask>.
    vocab = [["<s>", 0.0], ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0]] + [[p.piece, p.score] for p in model.pieces[3:]]
    vocab.append(["<mask>", 0.0])
    w = Weights(6)
    bert_weights(w, "", len(vocab), 1, CONTEXT + 2, "encoder.layer", BERT_LAYER)

    def encode(text):
        return [0] + [i + 1 if i else 3 for i in processor.encode(text)] + [2]

    golden("xlmr", encode, lambda d, ids: bert(d, "", ids, 1, 2, "encoder.layer", BERT_LAYER, 1e-5)[0], w,
           ["the film is good", "  caf\u00e9 4\u00bd \u2603", "\uff21 b"])
    folder("xlmr", base_config("xlm-roberta", "XLMRobertaModel", len(vocab), layer_norm_eps=1e-5, type_vocab_size=1,
                               max_position_embeddings=CONTEXT + 2, pad_token_id=1), [w],
           {"tokenizer.json": {"added_tokens": tokens([(0, "<s>"), (1, "<pad>"), (2, "</s>"), (3, "<unk>"),
                                                       (len(vocab) - 1, "<mask>")]),
                               "normalizer": {"type": "Sequence", "normalizers": [
                                   {"type": "Precompiled", "precompiled_charsmap":
                                    base64.b64encode(model.normalizer_spec.precompiled_charsmap).decode()},
                                   {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]},
                               "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
                                   {"type": "WhitespaceSplit"},
                                   {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always"}]},
                               "model": {"type": "Unigram", "unk_id": 3, "vocab": vocab, "byte_fallback": False}},
            "modules.json": [{"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"},
                             {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}],
            "1_Pooling/config.json": {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}})


def modernbert_cls():
    chars, merges, char = byte_vocabulary()
    pieces = chars + [a + b for a, b in merges] + ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]
    vocab, w, layers = {p: i for i, p in enumerate(pieces)}, Weights(7, torch.bfloat16), 5
    modern_weights(w, "model.", len(pieces), layers)
    w.linear("head.dense", H, H, bias=False)
    w.norm("head.norm", bias=False)
    w.linear("classifier", 3, H)

    def forward(d, ids):
        x = modern(d, "model.", ids, layers, 3, 6, (160000.0, 10000.0), 1e-5).mean(0)
        return lin(d, ln(d, F.gelu(lin(d, x, "head.dense")), "head.norm", 1e-5), "classifier")

    golden("modernbert_cls", byte_ids(vocab, merges, char, "[CLS]", "[SEP]"), forward, w,
           ["the film is good", " a very good story, great!"])
    folder("modernbert_cls", {"model_type": "modernbert", "architectures": ["ModernBertForSequenceClassification"],
                              "hidden_size": H, "num_hidden_layers": layers, "num_attention_heads": HEADS,
                              "intermediate_size": INNER, "vocab_size": len(pieces), "max_position_embeddings": 64,
                              "norm_eps": 1e-5, "global_attn_every_n_layers": 3, "local_attention": 6,
                              "global_rope_theta": 160000.0, "local_rope_theta": 10000.0, "hidden_activation": "gelu",
                              "classifier_pooling": "mean", "classifier_activation": "gelu",
                              "id2label": {"0": "x", "1": "y", "2": "z"}}, [w],
           {"tokenizer.json": {"added_tokens": tokens((vocab[c], c) for c in pieces[-5:]), "normalizer": {"type": "NFC"},
                               "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
                                                 "use_regex": True},
                               "model": {"type": "BPE", "vocab": {p: i for p, i in vocab.items() if p not in pieces[-5:]},
                                         "merges": [[a, b] for a, b in merges]}},
            "special_tokens_map.json": {"cls_token": {"content": "[CLS]"}, "sep_token": "[SEP]", "unk_token": "[UNK]",
                                        "pad_token": "[PAD]", "mask_token": "[MASK]"}})


def main():
    for make in (bert_cls, bert_ner, minilm, distilbert_cls, roberta_cls, xlmr, modernbert_cls):
        make()
    with open(HERE + "golden.json", "w", encoding="ascii") as out:
        out.write("{" + ",\n".join(f'"{k}": [\n' + ",\n".join(json.dumps(c) for c in v) + "]" for k, v in GOLDEN.items()) + "}\n")


if __name__ == "__main__":
    main()
