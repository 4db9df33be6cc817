#!/usr/bin/python3
# make_tokenizers.py: small vocabularies as GGUF, with the ids that SentencePiece itself gives: the outside truth of the
# unigram and byte-pair kinds. Needs python3-sentencepiece and python3-protobuf. Shares no code with nano.
#
#     ./make_tokenizers.py        writes tokenizers/unigram.gguf, tokenizers/pairs.gguf and tokenizers/golden.json
import io
import json
import os
import random
import struct
import tempfile

import sentencepiece as spm
from sentencepiece import sentencepiece_model_pb2 as pb

WORDS = """the a of to and in is it that this was for with as on be at by not but are have from or an they which you
film movie good bad great poor very really never always like love hate best worst well made story acting plot fun dull
gro\u00dfe stra\u00dfe sch\u00f6n \u00e9cole na\u00efve caf\u00e9 \u043d\u0435\u0449\u043e \u0431\u044a\u043b\u0433\u0430\u0440\u0441\u043a\u0438 \u6211 \u60f3 \u5728 \u5de5\u4f5c watching watched
unwatchable unable ending ended sadly happily boring bored plays played playing stories""".split()

# What the charsmap turns into what: code points, in hexadecimal.
RULES = [("FF21", "41"), ("FF41", "61"), ("FB01", "66 69"), ("65 301", "E9"), ("3000", "20"), ("9", "20"), ("A", "20"),
         ("2028", "20"), ("AD", ""), ("BD", "31 2F 32"), ("130", "69 307"), ("1E9B 323", "1E69")]

TEXTS = ["the film is good", "", " ", "   ", "  the   film ", "\tthe\nfilm\u3000good", "unwatchable!", "\uff21 \uff41bc \ufb01lm",
         "caf\u0065\u0301 and caf\u00e9", "soft\u00adhyphen", "4\u00bd months", "\u2603 snow \u2603\u2603man", "\u6211\u60f3\u5728apple\u5de5\u4f5c1314",
         "\u043d\u0435\u0449\u043e \u043d\u0430 \u0411\u044a\u043b\u0433\u0430\u0440\u0441\u043a\u0438", "a\u0000b", "x" * 40, "I've been 'told he's there", "\u2581the\u2581film",
         "\U0001F680 (normal) \U0001F636\u200d\U0001F32B\ufe0f", "3 33 333 3333", "\u1e9b\u0323\u0130stanbul", "the  film", "film.", "</s> and <s>"]


def train(kind, folder):
    rng = random.Random(5)
    text = "\n".join(" ".join(rng.choice(WORDS) for _ in range(9)) for _ in range(400))
    rules = os.path.join(folder, "rules.tsv")
    with open(rules, "w", encoding="ascii") as f:
        f.writelines(f"{a}\t{b}\n" for a, b in RULES)
    out = io.BytesIO()
    more = {"normalization_rule_tsv": rules} if kind == "unigram" else {
        "normalization_rule_name": "identity", "remove_extra_whitespaces": False, "byte_fallback": True}
    spm.SentencePieceTrainer.train(sentence_iterator=iter(text.split("\n")), model_writer=out, model_type=kind,
                                   vocab_size=220 if kind == "unigram" else 470, num_threads=1, hard_vocab_limit=False,
                                   character_coverage=1.0, **more)
    return out.getvalue()


def string(s):
    b = s.encode()
    return struct.pack("<Q", len(b)) + b


def gguf(model, kind):
    pairs = []

    def add(key, code, payload):
        pairs.append(string(key) + struct.pack("<I", code) + payload)

    def array(key, code, items):
        add(key, 9, struct.pack("<IQ", code, len(items)) + b"".join(items))

    add("tokenizer.ggml.model", 8, string(kind))
    add("tokenizer.ggml.pre", 8, string("default"))
    array("tokenizer.ggml.tokens", 8, [string(p.piece) for p in model.pieces])
    array("tokenizer.ggml.scores", 6, [struct.pack("<f", p.score) for p in model.pieces])
    array("tokenizer.ggml.token_type", 5, [struct.pack("<i", p.type) for p in model.pieces])  # the same numbers
    for key, value in (("unknown", 0), ("bos", 1), ("eos", 2)):
        add(f"tokenizer.ggml.{key}_token_id", 4, struct.pack("<I", value))
    spec = model.normalizer_spec
    add("tokenizer.ggml.add_space_prefix", 7, struct.pack("<?", spec.add_dummy_prefix))
    add("tokenizer.ggml.remove_extra_whitespaces", 7, struct.pack("<?", spec.remove_extra_whitespaces))
    if spec.precompiled_charsmap:
        array("tokenizer.ggml.precompiled_charsmap", 0, [bytes([b]) for b in spec.precompiled_charsmap])
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(pairs)) + b"".join(pairs)


def main():
    here = os.path.dirname(os.path.abspath(__file__)) + "/tokenizers/"
    os.makedirs(here, exist_ok=True)
    golden = {}
    for name, kind, model_name in (("unigram", "unigram", "t5"), ("pairs", "bpe", "llama")):
        with tempfile.TemporaryDirectory() as folder:
            blob = train(kind, folder)
        model = pb.ModelProto()
        model.ParseFromString(blob)
        processor = spm.SentencePieceProcessor(model_proto=blob)
        with open(here + name + ".gguf", "wb") as out:
            out.write(gguf(model, model_name))
        golden[name] = [{"text": t, "ids": processor.encode(t)} for t in TEXTS]
    with open(here + "golden.json", "w", encoding="ascii") as out:
        lines = [f'"{k}": [\n' + ",\n".join(json.dumps(c) for c in v) + "\n]" for k, v in golden.items()]
        out.write("{" + ",\n".join(lines) + "}\n")


if __name__ == "__main__":
    main()
