# gguf.py: writes and reads GGUF v3 files, and the block formats Q8_0 and Q4_0.
#
# File (little endian): "GGUF", u32 version 3, u64 tensors, u64 keys; keys: string, u32 type, value; tensors: string,
# u32 dimensions, u64 sizes (contiguous one first), u32 type, u64 offset; padding to 32; data, each padded to 32.
# Q8_0, 34 bytes for 32 values: f16 scale, 32 x int8.      value = scale * q
# Q4_0, 18 bytes for 32 values: f16 scale, 16 x two nibbles (low: values 0-15, high: 16-31).  value = scale * (q - 8)
# Source of names and formulas: the GGUF specification and the reference quantizers in ggml.
import struct

import numpy as np

F32, F16, Q4_0, Q8_0 = 0, 1, 2, 8
U32, I32, F32_KEY, BOOL, STRING, ARRAY, U64 = 4, 5, 6, 7, 8, 9, 10
ALIGN = 32
BLOCK = 32


def round_half_away(x):
    return np.copysign(np.floor(np.abs(x) + 0.5), x)


def quantize_q8(x):
    b = np.ascontiguousarray(x, np.float32).reshape(-1, BLOCK)
    d = (np.abs(b).max(1) / np.float32(127)).astype(np.float32)
    inverse = np.divide(np.float32(1), d, out=np.zeros_like(d), where=d > 0)
    q = round_half_away(b * inverse[:, None]).astype(np.int8)
    out = np.empty((len(b), 34), np.uint8)
    out[:, :2] = d.astype(np.float16).view(np.uint8).reshape(-1, 2)
    out[:, 2:] = q.view(np.uint8)
    return out


def dequantize_q8(raw, shape):
    b = np.frombuffer(raw, np.uint8).reshape(-1, 34)
    d = b[:, :2].copy().view(np.float16).astype(np.float32)
    return (b[:, 2:].copy().view(np.int8).astype(np.float32) * d).reshape(shape)


def through_q4(x):
    """What x becomes after a trip through Q4_0. The scale is taken from the value of largest magnitude, with its sign,
    so that this value falls on -8."""
    b = np.ascontiguousarray(x, np.float32).reshape(-1, BLOCK)
    top = b[np.arange(len(b)), np.abs(b).argmax(1)]
    d = (top / np.float32(-8)).astype(np.float32)
    inverse = np.divide(np.float32(1), d, out=np.zeros_like(d), where=d != 0)
    q = np.minimum(15, np.trunc(b * inverse[:, None] + np.float32(8.5)))
    return ((q - 8) * d.astype(np.float16).astype(np.float32)[:, None]).astype(np.float32).reshape(x.shape)


def _string(s):
    b = s.encode("utf-8")
    return struct.pack("<Q", len(b)) + b


def _value(kind, v):
    if kind == STRING:
        return _string(v)
    if kind == ARRAY:
        inner, items = v
        if inner == I32:
            return struct.pack("<IQ", inner, len(items)) + np.array(items, np.int32).tobytes()
        return struct.pack("<IQ", inner, len(items)) + b"".join(_value(inner, x) for x in items)
    return struct.pack({U32: "<I", I32: "<i", F32_KEY: "<f", BOOL: "<?", U64: "<Q"}[kind], v)


def write(path, keys, tensors):
    """keys: [(name, kind, value)]; tensors: [(name, float32 array, F32 or Q8_0)]."""
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(keys))
    head += b"".join(_string(n) + struct.pack("<I", k) + _value(k, v) for n, k, v in keys)
    data, at = [], 0
    for name, x, kind in tensors:
        raw = (quantize_q8(x) if kind == Q8_0 else np.ascontiguousarray(x, np.float32)).tobytes()
        head += _string(name) + struct.pack("<I", x.ndim) + struct.pack(f"<{x.ndim}Q", *reversed(x.shape))
        head += struct.pack("<IQ", kind, at)
        raw += b"\0" * (-len(raw) % ALIGN)
        data.append(raw)
        at += len(raw)
    with open(path, "wb") as f:
        f.write(head + b"\0" * (-len(head) % ALIGN))
        for raw in data:
            f.write(raw)


def read(path):
    """(keys: {name: value}, tensors: {name: float32 array}, kinds: {name: type})"""
    with open(path, "rb") as f:
        b = f.read()
    pos = 0

    def take(fmt):
        nonlocal pos
        v = struct.unpack_from("<" + fmt, b, pos)
        pos += struct.calcsize("<" + fmt)
        return v[0] if len(v) == 1 else v

    def string():
        nonlocal pos
        n = take("Q")
        s = b[pos:pos + n].decode("utf-8")
        pos += n
        return s

    def value(kind):
        if kind == STRING:
            return string()
        if kind == ARRAY:
            inner, n = take("IQ")
            return [value(inner) for _ in range(n)]
        return take({U32: "I", I32: "i", F32_KEY: "f", BOOL: "?", U64: "Q"}[kind])

    magic, version, n_tensors, n_keys = take("4sIQQ")
    assert magic == b"GGUF" and version == 3
    keys = {}
    for _ in range(n_keys):
        name = string()
        keys[name] = value(take("I"))
    infos = []
    for _ in range(n_tensors):
        name = string()
        shape = [take("Q") for _ in range(take("I"))][::-1]
        infos.append((name, shape, *take("IQ")))
    base = pos + -pos % ALIGN
    tensors, kinds = {}, {}
    for name, shape, kind, at in infos:
        n = int(np.prod(shape))
        size = {F32: 4 * n, Q8_0: n // BLOCK * 34}[kind]
        raw = b[base + at:base + at + size]
        tensors[name] = np.frombuffer(raw, np.float32).reshape(shape) if kind == F32 else dequantize_q8(raw, shape)
        kinds[name] = kind
    return keys, tensors, kinds


def pieces(path):
    """The vocabulary of a file, continuations with ## again (export.py writes it as llama.cpp does)."""
    p = read(path)[0]["tokenizer.ggml.tokens"]
    return p[:5] + [x[1:] if x.startswith("\u2581") else "##" + x for x in p[5:]]
