# text.py: turns text into word pieces, exactly as BERT's uncased tokenizer does.
import re
import unicodedata

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PAD, UNK, CLS, SEP, MASK = range(5)
MAX_WORD = 100  # characters; a longer word becomes [UNK]

# In ASCII text, after lower-casing, BERT's rules come down to: runs of letters and digits, or one other character.
_ASCII_WORD = re.compile(r"[a-z0-9]+|[^\sa-z0-9]")
_ASCII_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def _is_punctuation(c):
    o = ord(c)
    if 33 <= o <= 47 or 58 <= o <= 64 or 91 <= o <= 96 or 123 <= o <= 126:
        return True
    return unicodedata.category(c).startswith("P")


def _is_cjk(o):
    return (0x4E00 <= o <= 0x9FFF or 0x3400 <= o <= 0x4DBF or 0x20000 <= o <= 0x2A6DF or 0x2A700 <= o <= 0x2B73F
            or 0x2B740 <= o <= 0x2B81F or 0x2B820 <= o <= 0x2CEAF or 0xF900 <= o <= 0xFAFF or 0x2F800 <= o <= 0x2FA1F)


def words(text):
    """Basic tokenization: clean, lower-case, strip accents, split at white space, punctuation and CJK characters."""
    if text.isascii():
        return _ASCII_WORD.findall(_ASCII_CONTROL.sub("", text.lower()))
    out, cur = [], []
    for c in unicodedata.normalize("NFD", text.lower()):
        o, cat = ord(c), unicodedata.category(c)
        if c in " \t\n\r" or cat == "Zs":
            if cur:
                out.append("".join(cur))
                cur = []
        elif o == 0 or o == 0xFFFD or cat in ("Cc", "Cf", "Mn"):
            continue
        elif _is_punctuation(c) or _is_cjk(o):
            if cur:
                out.append("".join(cur))
                cur = []
            out.append(c)
        else:
            cur.append(c)
    if cur:
        out.append("".join(cur))
    return out


class Tokenizer:
    """Greedy longest-match WordPiece over `pieces` (continuations begin with ##). Remembers each word it has cut."""

    def __init__(self, pieces):
        self.pieces = pieces
        self.ids = {p: i for i, p in enumerate(pieces)}
        self.known = {}

    @classmethod
    def load(cls, path):
        with open(path, encoding="utf-8") as f:
            return cls(f.read().split("\n")[:-1])

    def cut(self, word):
        got = self.known.get(word)
        if got is not None:
            return got
        out, start = [], 0
        if len(word) > MAX_WORD:
            out = [UNK]
        else:
            while start < len(word):
                end = len(word)
                while end > start:
                    piece = ("##" if start else "") + word[start:end]
                    if piece in self.ids:
                        break
                    end -= 1
                if end == start:  # no piece fits: the whole word is unknown
                    out = [UNK]
                    break
                out.append(self.ids[piece])
                start = end
        self.known[word] = out = tuple(out)
        return out

    def encode(self, text):
        """Ids without [CLS] and [SEP]."""
        out = []
        for w in words(text):
            out.extend(self.cut(w))
        return out


# SST-2 is written as the Penn Treebank tokenizes: "do n't", "`` so '' ". Users and IMDB write "don't". Showing the
# model both spellings of every text costs nothing and makes one model good at both.
_JOINED = re.compile(r"\b([a-z]+)n't\b", re.I)
_SPLIT = re.compile(r"\b([a-z]+) n't\b", re.I)


def treebank(text):
    return _JOINED.sub(r"\1 n't", text)


def natural(text):
    text = _SPLIT.sub(r"\1n't", text)
    return text.replace("``", '"').replace("''", '"').replace("-lrb-", "(").replace("-rrb-", ")")


def condensed(text):
    """Lower-case ASCII letters and digits only: the form in which texts are compared to find leaks."""
    return re.sub(r"[^a-z0-9]+", "", text.lower())
