#!/usr/bin/env python3
"""Write runtime_shim/tokenizer/unicode_tables.cpp from Debian's unicode-data (UnicodeData.txt).

    scripts/make_unicode_tables.py [--check | --compare] [UNICODE_DATA_DIR]

--check writes nothing and fails if the committed file is not what these data give.
--compare writes nothing and fails if the data disagree with Python's own unicodedata for a character both define.
"""
import os
import re
import sys
import unicodedata

CATEGORIES = ["Cn", "Cc", "Cf", "Cs", "Co", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No",
              "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp"]
TARGET = os.path.join(os.path.dirname(__file__), "..", "runtime_shim", "tokenizer", "unicode_tables.cpp")


def read(folder):
    category, lower, parts, combining = {}, {}, {}, {}
    first = None
    with open(os.path.join(folder, "UnicodeData.txt"), encoding="ascii") as f:
        for line in f:
            field = line.rstrip("\n").split(";")
            code = int(field[0], 16)
            if field[1].endswith(", First>"):
                first = code
                continue
            for c in range(first if first is not None else code, code + 1):
                category[c] = field[2]
            first = None
            if field[5] and not field[5].startswith("<"):
                parts[code] = [int(x, 16) for x in field[5].split()]
            if field[13]:
                lower[code] = int(field[13], 16)
            if int(field[3]):
                combining[code] = int(field[3])
    return category, lower, parts, combining


def compositions(folder, parts):
    """{(first, second): composite}: the pairs that NFC joins, Hangul left out."""
    excluded = set()
    with open(os.path.join(folder, "DerivedNormalizationProps.txt"), encoding="utf-8") as f:
        for line in f:
            field = [x.strip() for x in line.split("#")[0].split(";")]
            if len(field) > 1 and field[1] == "Full_Composition_Exclusion":
                ends = [int(x, 16) for x in field[0].split("..")]
                excluded.update(range(ends[0], ends[-1] + 1))
    return {tuple(pair): code for code, pair in parts.items() if code not in excluded}


def full(code, parts):
    """The canonical decomposition, all the way down."""
    if code not in parts:
        return [code]
    return [d for p in parts[code] for d in full(p, parts)]


def lower_ranges(lower):
    """(first, last, stride, delta): first, first + stride, … last each map to themselves + delta."""
    out = []
    for code in sorted(lower):
        delta = lower[code] - code
        if out and out[-1][3] == delta:
            first, last, stride, _ = out[-1]
            gap = code - last
            if gap in (1, 2) and (first == last or gap == stride):
                out[-1] = (first, code, gap, delta)
                continue
        out.append((code, code, 1, delta))
    return out


def wrapped(items, width=114):
    lines, line = [], " "
    for item in items:
        if len(line) + len(item) + 2 > width:
            lines.append(line)
            line = " "
        line += " " + item + ","
    lines.append(line)
    return "\n".join(lines)


def generate(folder):
    category, lower, parts, combining = read(folder)
    with open(os.path.join(folder, "ReadMe.txt"), encoding="utf-8") as f:
        version = re.search(r"Version (\d+\.\d+\.\d+)", f.read()).group(1)
    runs, before = [], None
    for code in range(0x110000):
        now = category.get(code, "Cn")
        if now != before:
            runs.append((code << 8) | CATEGORIES.index(now))
            before = now
    pool, entries = [], []
    for code in sorted(parts):
        expanded = full(code, parts)
        entries.append(((code << 16) | (len(pool) << 3) | len(expanded), code))
        assert len(pool) < (1 << 13) and len(expanded) < 8
        pool += expanded
    ranges = lower_ranges(lower)
    classes, before = [], 0
    for code in range(max(combining) + 2):
        now = combining.get(code, 0)
        if now != before:
            classes.append((code << 8) | now)
            before = now
    pairs = sorted((a << 42) | (b << 21) | c for (a, b), c in compositions(folder, parts).items())
    text = f"""// runtime_shim/tokenizer/unicode_tables.cpp: Unicode {version}. Made by scripts/make_unicode_tables.py; not for editing.
#include "runtime_shim/tokenizer/unicode_tables.h"

namespace nano::tokenizer::tables {{

// clang-format off
const uint32_t kCategoryRuns[{len(runs)}] = {{
{wrapped([f"0x{r:X}" for r in runs])}
}};
const std::size_t kCategoryRunCount = {len(runs)};

const LowerRange kLowerRanges[{len(ranges)}] = {{
{wrapped([f"{{0x{a:X}, 0x{b:X}, {s}, {d}}}" for a, b, s, d in ranges])}
}};
const std::size_t kLowerRangeCount = {len(ranges)};

const uint64_t kDecompositions[{len(entries)}] = {{
{wrapped([f"0x{e:X}" for e, _ in entries])}
}};
const std::size_t kDecompositionCount = {len(entries)};

const uint32_t kDecompositionPool[{len(pool)}] = {{
{wrapped([f"0x{p:X}" for p in pool])}
}};
const std::size_t kDecompositionPoolCount = {len(pool)};

const uint32_t kCombiningRuns[{len(classes)}] = {{
{wrapped([f"0x{r:X}" for r in classes])}
}};
const std::size_t kCombiningRunCount = {len(classes)};

const uint64_t kCompositions[{len(pairs)}] = {{
{wrapped([f"0x{p:X}" for p in pairs])}
}};
const std::size_t kCompositionCount = {len(pairs)};
// clang-format on

}}  // namespace nano::tokenizer::tables
"""
    return text, category, lower, parts


def compare(category, lower, parts):
    wrong = 0
    for code in range(0x110000):
        here = chr(code)
        if unicodedata.category(here) == "Cn" or code not in category:
            continue
        if unicodedata.category(here) != category[code]:
            wrong += 1
            print(f"U+{code:04X}: category {category[code]}, Python says {unicodedata.category(here)}")
        if 0xD800 <= code < 0xE000 or 0xAC00 <= code < 0xD7A4:  # surrogates; Hangul is decomposed by arithmetic
            continue
        if [ord(c) for c in unicodedata.normalize("NFD", here)] != full(code, parts):
            wrong += 1
            print(f"U+{code:04X}: decomposition differs from Python's")
        if len(here.lower()) == 1 and ord(here.lower()) != lower.get(code, code):
            wrong += 1
            print(f"U+{code:04X}: lower case differs from Python's")
    print(f"{wrong} differences (Python's unicodedata is version {unicodedata.unidata_version})")
    return 1 if wrong else 0


def check(text):
    with open(TARGET, encoding="utf-8") as f:
        same = f.read() == text
    print("the committed tables are what these data give" if same else "the committed tables differ from what these data give")
    return 0 if same else 1


def main():
    arguments = [a for a in sys.argv[1:] if not a.startswith("--")]
    text, category, lower, parts = generate(arguments[0] if arguments else "/usr/share/unicode")
    if "--compare" in sys.argv:
        return compare(category, lower, parts)
    if "--check" in sys.argv:
        return check(text)
    with open(TARGET, "w", encoding="utf-8") as f:
        f.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
