// bench/compare/ort.mjs: ONNX Runtime as a worker of bench_compare: one JSON request a line in, one answer a line out.
//
//   argv: the folder with node_modules, the shape as JSON, threads, kind (int8, fused or fp32)
//   {"tokens": T, "runs": N}  ->  {"ms": [...], "cpu": [...]}: wall and CPU time of each run; first line out: {"ready": version} or {"error": text}
import {createRequire} from "node:module";
import {createInterface} from "node:readline";
import {onnxBert} from "./onnx_bert.mjs";

const [folder, shapeText, threads, kind] = process.argv.slice(2);
const say = (value) => process.stdout.write(JSON.stringify(value) + "\n");
try {
  const require = createRequire(folder + "/");
  const ort = require("onnxruntime-node");
  const shape = JSON.parse(shapeText);
  const session = await ort.InferenceSession.create(onnxBert(shape, kind), {
    intraOpNumThreads: Number(threads), interOpNumThreads: 1, graphOptimizationLevel: "all", executionMode: "sequential"});
  say({ready: require("onnxruntime-node/package.json").version});
  for await (const line of createInterface({input: process.stdin})) {
    const {tokens, runs} = JSON.parse(line);
    const ids = new ort.Tensor("int64", BigInt64Array.from({length: tokens}, (_, i) => BigInt(5 + (i * 7919) % (shape.vocabulary - 5))), [1, tokens]);
    const ms = [], cpu = [];
    for (let i = 0; i < runs; ++i) {
      const start = performance.now(), before = process.cpuUsage();
      await session.run({ids});
      ms.push(performance.now() - start);
      const used = process.cpuUsage(before);
      cpu.push((used.user + used.system) / 1000);
    }
    say({ms, cpu});
  }
} catch (e) {
  say({error: String(e.message ?? e)});
}
