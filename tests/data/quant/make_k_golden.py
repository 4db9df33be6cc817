#!/usr/bin/env python3
"""Two blocks of each K-quant with any bytes in them, and the floats that gguf-py's numpy reader makes of them: k_golden.bin.

    for each of q2_K q3_K q4_K q5_K q6_K: the blocks' bytes, then 512 little-endian floats

    pip install gguf numpy; ./make_k_golden.py
"""
import numpy as np
from gguf import GGMLQuantizationType as T
from gguf.quants import dequantize

rng = np.random.default_rng(13)
# Where the halves of a block stand: a scale that is finite and of a usual size.
HALVES = {T.Q2_K: (84, (80, 82)), T.Q3_K: (110, (108,)), T.Q4_K: (144, (0, 2)), T.Q5_K: (176, (0, 2)), T.Q6_K: (210, (208,))}
with open("k_golden.bin", "wb") as out:
    for kind, (size, halves) in HALVES.items():
        blocks = rng.integers(0, 256, (2, size), dtype=np.uint8)
        for b in blocks:
            for at in halves:
                b[at : at + 2] = np.frombuffer(np.float16(rng.uniform(-0.02, 0.02)).tobytes(), dtype=np.uint8)
        out.write(blocks.tobytes())
        out.write(dequantize(blocks.reshape(1, -1), kind).astype("<f4").tobytes())
