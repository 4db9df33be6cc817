// bench/compare/llama.mjs: llama.cpp (by node-llama-cpp's binaries) as a worker of bench_compare; see ort.mjs.
//
//   argv: the folder with node_modules, a GGUF file, threads
import {createInterface} from "node:readline";
import {pathToFileURL} from "node:url";

const [folder, path, threads] = process.argv.slice(2);
const say = (value) => process.stdout.write(JSON.stringify(value) + "\n");
try {
  const {getLlama} = await import(pathToFileURL(folder + "/node_modules/node-llama-cpp/dist/index.js"));
  const llama = await getLlama({gpu: false, build: "never", maxThreads: Number(threads), logLevel: "disabled", progressLogs: false});
  const model = await llama.loadModel({modelPath: path});
  const context = await model.createEmbeddingContext({contextSize: 512, batchSize: 512, threads: Number(threads)});
  say({ready: "llama.cpp " + (llama.llamaCppRelease?.release ?? "?")});
  for await (const line of createInterface({input: process.stdin})) {
    const {tokens, runs} = JSON.parse(line);
    const ms = [], cpu = [];
    for (let i = 0; i < runs; ++i) {
      // Begin and end tokens are there already, so that none is added.
      const ids = Array.from({length: tokens}, (_, j) => (j === 0 ? 2 : j + 1 === tokens ? 3 : 5 + (j * 7919 + i) % 30000));
      const start = performance.now(), before = process.cpuUsage();
      await context.getEmbeddingFor(ids);
      ms.push(performance.now() - start);
      const used = process.cpuUsage(before);
      cpu.push((used.user + used.system) / 1000);
    }
    say({ms, cpu});
  }
  process.exit(0);
} catch (e) {
  say({error: String(e.message ?? e)});
  process.exit(1);
}
