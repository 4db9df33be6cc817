#!/usr/bin/env python3
"""Write tokenizers/nfc.json: texts and their NFC by Python's unicodedata, which is no part of nano."""
import json
import os
import random
import unicodedata

random.seed(15)
points = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000 and unicodedata.category(chr(c)) not in ("Cn", "Co")]
marks = [c for c in points if unicodedata.combining(chr(c))]
composed = [c for c in points if unicodedata.decomposition(chr(c)) and not unicodedata.decomposition(chr(c)).startswith("<")]
seconds = [ord(unicodedata.normalize("NFD", chr(c))[-1]) for c in composed]
jamo = list(range(0x1100, 0x1113)) + list(range(0x1161, 0x1176)) + list(range(0x11A7, 0x11C4)) + [0xAC00, 0xAC01, 0xD7A3, 0xB098]
texts = ["", "plain", "e\u0301", "\u00e9", "e\u0323\u0301", "\u00e9\u0323", "\u0301e", "a\u0301\u0301", "\u1100\u1161\u11a8",
         "\u212b\u2126\ufb01", "\u0958", "\u09c7\u09be", "A\u030a\u0327 x\u0344"]
for _ in range(600):
    text = ""
    for _ in range(random.randrange(1, 14)):
        kind = random.choice([points, marks, marks, composed, seconds, jamo, jamo, range(0x20, 0x7F), range(0xC0, 0x250)])
        text += chr(random.choice(kind))
    texts.append(random.choice([text, unicodedata.normalize("NFD", text)]))
cases = [{"text": t, "nfc": unicodedata.normalize("NFC", t)} for t in texts]
with open(os.path.join(os.path.dirname(__file__), "tokenizers", "nfc.json"), "w", encoding="utf-8") as f:
    json.dump(cases, f, ensure_ascii=True, indent=0)
    f.write("\n")
