#!/usr/bin/env python3
"""Golden blocks for the quantizers: numpy's float32 and float16 arithmetic, written from the formats' definition
(ggml src/ggml-common.h and quantize_row_*_ref; without fused multiply-add), independent of nano's C++.

    tests/data/quant/make_golden.py      writes values.f32 and <type>.bin beside itself
"""
import os
import numpy as np

f32 = np.float32
here = os.path.dirname(os.path.abspath(__file__))


def values():
    rng = np.random.default_rng(20)
    blocks = [np.zeros(32), np.full(32, 1.0), np.full(32, -3.25), np.linspace(-1, 1, 32), np.arange(32), -np.arange(32) / 7,
              np.where(np.arange(32) % 2 == 0, 6.0, -6.0), np.where(np.arange(32) % 2 == 0, -6.0, 6.0),
              np.eye(1, 32, 5)[0] * 1000, np.eye(1, 32, 31)[0] * -0.001, np.arange(-16, 16) * 0.5, np.full(32, 60000.0),
              np.linspace(-60000, 60000, 32), np.full(32, 2.0 ** -40), np.full(32, 2.0 ** -14), np.full(32, -0.0)]
    for k in range(48):
        blocks.append(rng.standard_normal(32) * 10.0 ** ((k % 12) / 2 - 4) + (k % 5 == 0) * 0.1)
    return np.array(blocks).astype(f32)


def inverse(d):
    with np.errstate(divide="ignore"):
        return np.where(d == 0, f32(0), f32(1) / d).astype(f32)


def half_bytes(d):
    return d.astype(np.float16).view(np.uint8).reshape(len(d), 2)


def nibbles(q):
    return (q[:, :16] & 15) | ((q[:, 16:] & 15) << 4)


def fifth(q):
    return np.packbits((q >> 4) & 1, axis=1, bitorder="little")


def q8_0(x):
    d = (np.abs(x).max(axis=1, keepdims=True) / f32(127)).astype(f32)
    y = (x * inverse(d)).astype(f32)
    q = np.sign(y) * np.floor(np.abs(y).astype(np.float64) + 0.5)  # half away from zero, exact in double
    return np.hstack([half_bytes(d), q.astype(np.int8).view(np.uint8)])


def symmetric(x, half):
    first = np.abs(x).argmax(axis=1)
    peak = x[np.arange(len(x)), first]
    peak = np.where(peak == 0, f32(0), peak)  # ggml begins with +0, and a block of -0 does not exceed it
    d = (peak / f32(-half)).astype(f32).reshape(-1, 1)
    y = (x * inverse(d)).astype(f32)
    return half_bytes(d), np.minimum(np.trunc((y + f32(half + 0.5)).astype(f32)), 2 * half - 1).astype(np.uint8)


def with_minimum(x, top):
    low = x.min(axis=1, keepdims=True)
    d = ((x.max(axis=1, keepdims=True) - low) / f32(top)).astype(f32)
    y = ((x - low).astype(f32) * inverse(d)).astype(f32)
    q = np.minimum(np.trunc((y + f32(0.5)).astype(f32)), top).astype(np.uint8)
    return half_bytes(d), half_bytes(low), q


def main():
    x = values()
    x.tofile(os.path.join(here, "values.f32"))
    out = {"q8_0": q8_0(x), "f16": x.astype(np.float16).view(np.uint8)}
    out["bf16"] = ((x.view(np.uint32).astype(np.uint64) + 0x7FFF + ((x.view(np.uint32) >> 16) & 1)) >> 16).astype(np.uint16)
    d, q = symmetric(x, 8)
    out["q4_0"] = np.hstack([d, nibbles(q)])
    d, q = symmetric(x, 16)
    out["q5_0"] = np.hstack([d, fifth(q), nibbles(q)])
    d, m, q = with_minimum(x, 15)
    out["q4_1"] = np.hstack([d, m, nibbles(q)])
    d, m, q = with_minimum(x, 31)
    out["q5_1"] = np.hstack([d, m, fifth(q), nibbles(q)])
    for name, array in out.items():
        array.tofile(os.path.join(here, name + ".bin"))


if __name__ == "__main__":
    main()
