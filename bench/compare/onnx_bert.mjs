// bench/compare/onnx_bert.mjs: a BERT encoder of a given shape with random weights as ONNX bytes, made by hand.
//
// int8 as ONNX Runtime's own quantize_dynamic makes it: DynamicQuantizeLinear, MatMulInteger, Cast, Mul by both scales, Add
// of the bias, which ONNX Runtime fuses into its fastest kernels. "fused" is the same in ONNX Runtime's own operators, as its
// tools for transformers make it: one QAttention for queries, keys, values and attention, DynamicQuantizeMatMul, BiasGelu,
// SkipLayerNormalization. source: onnx.proto (field numbers), ONNX operators, opset 20; ONNX Runtime's ContribOperators.md.

// --- protobuf ---------------------------------------------------------------------------------------------------------
function varint(n) {
  const out = [];
  let v = BigInt.asUintN(64, BigInt(n));
  while (v > 127n) {
    out.push(Number(v & 127n) | 128);
    v >>= 7n;
  }
  out.push(Number(v));
  return Buffer.from(out);
}
const int = (field, n) => Buffer.concat([varint(field << 3), varint(n)]);
const bytes = (field, b) => Buffer.concat([varint((field << 3) | 2), varint(b.length), b]);
const text = (field, s) => bytes(field, Buffer.from(s));
const real = (field, f) => {
  const b = Buffer.alloc(4);
  b.writeFloatLE(f);
  return Buffer.concat([varint((field << 3) | 5), b]);
};

const FLOAT = 1, UINT8 = 2, INT8 = 3, INT64 = 7;
const raw = (array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);
const tensor = (name, type, dims, array) =>
  Buffer.concat([...dims.map((d) => int(1, d)), int(2, type), text(8, name), bytes(9, raw(array))]);
function attribute(name, value) {
  if (Array.isArray(value)) return bytes(5, Buffer.concat([text(1, name), ...value.map((v) => int(8, v)), int(20, 7)]));
  if (value.float !== undefined) return bytes(5, Buffer.concat([text(1, name), real(2, value.float), int(20, 1)]));
  return bytes(5, Buffer.concat([text(1, name), int(3, value), int(20, 2)]));
}
function valueInfo(name, type, dims) {
  const shape = Buffer.concat(dims.map((d) => bytes(1, typeof d === "string" ? text(2, d) : int(1, d))));
  return Buffer.concat([text(1, name), bytes(2, bytes(1, Buffer.concat([int(1, type), bytes(2, shape)])))]);
}

// --- the graph --------------------------------------------------------------------------------------------------------
class Graph {
  constructor() {
    this.nodes = [];
    this.tensors = [];
    this.made = 0;
    this.state = 0x12345678;
  }
  random() {  // xorshift32, in [-1, 1)
    let s = this.state;
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    this.state = s | 0;
    return this.state / 2147483648;
  }
  // `domain`: empty for ONNX's own operators.
  node(op, inputs, attributes = {}, outputs = 1, domain = "") {
    const names = Array.from({length: outputs}, () => "t" + ++this.made);
    this.nodes.push(bytes(1, Buffer.concat([...inputs.map((i) => text(1, i)), ...names.map((n) => text(2, n)), text(4, op),
      ...Object.entries(attributes).map(([k, v]) => attribute(k, v)), ...(domain === "" ? [] : [text(7, domain)])])));
    return outputs === 1 ? names[0] : names;
  }
  constant(type, dims, array) {
    const name = "c" + ++this.made;
    this.tensors.push(bytes(5, tensor(name, type, dims, array)));
    return name;
  }
  floats(dims, scale, centre = 0) {
    const n = dims.reduce((a, b) => a * b, 1);
    return this.constant(FLOAT, dims, Float32Array.from({length: n}, () => centre + scale * this.random()));
  }
  ints(values) {
    return this.constant(INT64, [values.length], BigInt64Array.from(values.map(BigInt)));
  }
  norm(x, width) {
    return this.node("LayerNormalization", [x, this.floats([width], 0.05, 1), this.floats([width], 0.05)],
      {axis: -1, epsilon: {float: 1e-12}});
  }
  // x quantized once may feed several products, as quantize_dynamic does it.
  quantize(x) {
    return this.node("DynamicQuantizeLinear", [x], {}, 3);
  }
  weights(k, n) {
    return {
      values: this.constant(INT8, [k, n], Int8Array.from({length: k * n}, () => Math.round(127 * this.random()))),
      zero: this.constant(INT8, [n], new Int8Array(n)),
      scale: this.constant(FLOAT, [n], new Float32Array(n).fill(1.7 / (127 * Math.sqrt(k)))),
      bias: this.floats([n], 0.05),
    };
  }
  own(op, inputs, attributes = {}) {
    return this.node(op, inputs, attributes, 1, "com.microsoft");
  }
  linear(q, k, n, kind, x) {
    if (kind === "fp32") {
      return this.node("Add", [this.node("MatMul", [x, this.floats([k, n], 1 / Math.sqrt(k))]), this.floats([n], 0.05)]);
    }
    const {values, zero, scale: weightScale, bias} = this.weights(k, n);
    const product = this.node("MatMulInteger", [q[0], values, q[2], zero]);
    const scale = this.node("Mul", [q[1], weightScale]);
    return this.node("Add", [this.node("Mul", [this.node("Cast", [product], {to: FLOAT}), scale]), bias]);
  }
}

// A layer in ONNX Runtime's own operators.
function fusedLayer(g, x, {hidden, heads, feedForward}) {
  const norm = (x, y, bias) => g.own("SkipLayerNormalization",
    [x, y, g.floats([hidden], 0.05, 1), g.floats([hidden], 0.05), bias], {epsilon: {float: 1e-12}});
  // Its bias is left to what follows, which adds it on the way.
  const product = (x, w) => g.own("DynamicQuantizeMatMul", [x, w.values, w.scale, w.zero]);
  const q = g.quantize(x), qkv = g.weights(hidden, 3 * hidden), out = g.weights(hidden, hidden),
        up = g.weights(hidden, feedForward), down = g.weights(feedForward, hidden);
  const attended = g.own("QAttention", [q[0], qkv.values, qkv.bias, q[1], qkv.scale, "", q[2], qkv.zero], {num_heads: heads});
  x = norm(x, product(attended, out), out.bias);
  const inner = g.own("BiasGelu", [product(x, up), up.bias]);
  return norm(x, product(inner, down), down.bias);
}

/// Input "ids" (1, T) int64; output "scores" (1, labels). shape: {vocabulary, context, hidden, layers, heads, feedForward}
export function onnxBert(shape, kind) {
  const {vocabulary, context, hidden, layers, heads, feedForward} = shape;
  const g = new Graph(), width = hidden / heads;
  const table = g.constant(INT8, [vocabulary, hidden], Int8Array.from({length: vocabulary * hidden}, () => Math.round(127 * g.random())));
  let x = g.node("Mul", [g.node("Cast", [g.node("Gather", [table, "ids"])], {to: FLOAT}), g.constant(FLOAT, [1], Float32Array.of(0.001))]);
  const length = g.node("Slice", [g.node("Shape", ["ids"]), g.ints([1]), g.ints([2])]);
  const positions = g.node("Slice", [g.floats([context, hidden], 0.03), g.ints([0]), length, g.ints([0])]);
  x = g.norm(g.node("Add", [x, positions]), hidden);
  for (let layer = 0; layer < layers; ++layer) {
    if (kind === "fused") {
      x = fusedLayer(g, x, shape);
      continue;
    }
    const q8 = kind === "fp32" ? null : g.quantize(x);
    const split = g.ints([0, 0, heads, width]);
    const part = (perm) => g.node("Transpose", [g.node("Reshape", [g.linear(q8, hidden, hidden, kind, x), split])], {perm});
    const q = part([0, 2, 1, 3]), k = part([0, 2, 3, 1]), v = part([0, 2, 1, 3]);
    const scale = g.constant(FLOAT, [1], Float32Array.of(1 / Math.sqrt(width)));
    const p = g.node("Softmax", [g.node("Mul", [g.node("MatMul", [q, k]), scale])], {axis: -1});
    const context_ = g.node("Reshape", [g.node("Transpose", [g.node("MatMul", [p, v])], {perm: [0, 2, 1, 3]}), g.ints([0, 0, hidden])]);
    const out = g.linear(kind === "fp32" ? null : g.quantize(context_), hidden, hidden, kind, context_);
    x = g.norm(g.node("Add", [out, x]), hidden);
    const up = g.node("Gelu", [g.linear(kind === "fp32" ? null : g.quantize(x), hidden, feedForward, kind, x)]);
    const down = g.linear(kind === "fp32" ? null : g.quantize(up), feedForward, hidden, kind, up);
    x = g.norm(g.node("Add", [down, x]), hidden);
  }
  const first = g.node("Gather", [x, g.constant(INT64, [], BigInt64Array.of(0n))], {axis: 1});
  const dense = g.node("Tanh", [g.node("Gemm", [first, g.floats([hidden, hidden], 1 / Math.sqrt(hidden)), g.floats([hidden], 0.05)])]);
  const scores = g.node("Gemm", [dense, g.floats([hidden, 2], 0.05), g.floats([2], 0.05)]);
  g.nodes.push(bytes(1, Buffer.concat([text(1, scores), text(2, "scores"), text(4, "Identity")])));
  const graph = Buffer.concat([...g.nodes, text(2, "bert"), ...g.tensors, bytes(11, valueInfo("ids", INT64, [1, "T"])),
    bytes(12, valueInfo("scores", FLOAT, [1, 2]))]);
  return Buffer.concat([int(1, 9), text(2, "nano bench_compare"), bytes(7, graph), bytes(8, Buffer.concat([text(1, ""), int(2, 20)])),
    ...(kind === "fused" ? [bytes(8, Buffer.concat([text(1, "com.microsoft"), int(2, 1)]))] : [])]);
}
