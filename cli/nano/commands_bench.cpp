// cli/nano/commands_bench.cpp: bench.
#include <algorithm>
#include <charconv>
#include <cstdio>

#include "app/bench.h"
#include "app/record.h"
#include "base/text.h"
#include "cli/nano/commands.h"
#include "cli/nano/texts.h"
#include "cli/text_table.h"

namespace nano::cli {
namespace {

constexpr unsigned kMostTokens = 65'536, kMostBatch = 4'096, kMostThreads = 64;

Result<std::vector<unsigned>> numbers(Invocation& in, const std::string& option,
                                      std::vector<unsigned> otherwise, unsigned most) {
  if (!in.has(option)) return otherwise;
  std::vector<unsigned> out;
  for (const std::string& word : split(in.value(option), ',')) {
    unsigned n = 0;
    const auto [at, ec] = std::from_chars(word.data(), word.data() + word.size(), n);
    if (ec != std::errc() || at != word.data() + word.size() || n == 0 || n > most) {
      return make_error(Errc::usage,
                        "--" + option + ": '" + sanitize(word) + "' is not a whole number from 1 to " +
                            std::to_string(most),
                        "several are joined by commas: --" + option + " 16,32");
    }
    out.push_back(n);
  }
  if (out.empty()) return make_error(Errc::usage, "--" + option + " names no number");
  return out;
}

std::string fixed(double v, int digits) {
  char text[40];
  std::snprintf(text, sizeof text, "%.*f", digits, v);
  return text;
}

void print_json(Invocation& in, const app::BenchReport& r, const std::vector<std::string>& recorded) {
  OrderedJson data;
  data["model"] = r.name;
  data["version"] = r.version;
  data["variant"] = r.variant;
  data["file_bytes"] = r.file_bytes;
  data["kernels"] = r.kernels;
  data["mapped"] = r.mapped;
  data["machine"] = {{"cpu", r.cpu}, {"cores", r.cores}, {"calibration_us", OrderedJson::object()}};
  for (const auto& [quantization, us] : r.calibration_us)
    data["machine"]["calibration_us"][quantization] = rounded(us, 4);
  data["load_ms"] = rounded(r.load_ms, 4);
  data["cold_start_ms"] = r.cold_ms ? OrderedJson(rounded(*r.cold_ms, 4)) : OrderedJson();
  data["peak_memory_mb"] = r.cold_peak_mb ? OrderedJson(rounded(*r.cold_peak_mb, 4)) : OrderedJson();
  data["rows"] = OrderedJson::array();
  for (const auto& row : r.rows) {
    data["rows"].push_back({{"tokens", row.tokens},
                            {"threads", row.threads},
                            {"batch", row.batch},
                            {"p50_ms", rounded(row.p50_ms, 4)},
                            {"p95_ms", rounded(row.p95_ms, 4)},
                            {"p99_ms", rounded(row.p99_ms, 4)},
                            {"cpu_ms", rounded(row.cpu_ms, 4)},
                            {"tokens_per_second", rounded(row.tokens_per_second, 4)}});
  }
  if (r.eval) {
    data["eval"] = {
        {"file", sanitize_utf8(r.eval->file)},
        {"texts", r.eval->texts},
        {"right", r.eval->right},
        {"accuracy", rounded(static_cast<double>(r.eval->right) / static_cast<double>(r.eval->texts))},
        {"interval_95", OrderedJson::array({rounded(r.eval->low), rounded(r.eval->high)})}};
  }
  if (in.has("record")) data["recorded"] = recorded;
  in.document(data);
}

Result<int> run_bench(Invocation& in) {
  NANO_TRY_ASSIGN(const app::Context ctx, open_context(in));
  app::BenchOptions o;
  o.model = in.argument("MODEL");
  NANO_TRY_ASSIGN(o.tokens, numbers(in, "tokens", {16, 32, 128}, kMostTokens));
  NANO_TRY_ASSIGN(o.threads, numbers(in, "threads", {1}, kMostThreads));
  NANO_TRY_ASSIGN(o.batch, numbers(in, "batch", {1}, kMostBatch));
  o.runs = static_cast<unsigned>(std::min<uint64_t>(in.number("runs", 100), 1'000'000));
  o.calibrate = in.json() || in.has("record");
  o.eval_of_package = in.has("eval");
  o.eval_file = in.value("eval-file");
  if (!in.has("no-cold-start")) o.program = "/proc/self/exe";
  std::optional<app::RecordPlace> place;
  if (in.has("record")) {
    NANO_TRY_ASSIGN(place, app::record_place(o.model));  // said before anything is measured
  }
  NANO_TRY_ASSIGN(const app::BenchReport r, app::bench(ctx, o));
  std::vector<std::string> recorded;
  if (place) {
    NANO_TRY_ASSIGN(recorded, app::record_claims(ctx, *place, r, o, std::string(in.program().version)));
  }
  if (in.json()) {
    print_json(in, r, recorded);
    return 0;
  }
  const std::string tail =
      (r.version.empty() ? "" : " " + r.version) + (r.variant.empty() ? "" : " " + r.variant);
  in.out().line(sanitize(r.name) + tail + ", " + human_bytes(r.file_bytes) + ", kernels " + r.kernels);
  in.out().line(r.cpu + ", " + std::to_string(r.cores) + (r.cores == 1 ? " core" : " cores"));
  in.out().line("load " + fixed(r.load_ms, 1) + " ms" +
                (r.mapped ? ", packed weights mapped" : ", weights packed in memory"));
  if (r.cold_ms)
    in.out().line("cold start " + fixed(*r.cold_ms, 1) + " ms, peak memory " + fixed(*r.cold_peak_mb, 1) +
                  " MB");
  TextTable table({{.title = "TOKENS", .right = true},
                   {.title = "THREADS", .right = true},
                   {.title = "BATCH", .right = true},
                   {.title = "P50 MS", .right = true},
                   {.title = "P95 MS", .right = true},
                   {.title = "P99 MS", .right = true},
                   {.title = "LEAST CPU MS", .right = true},
                   {.title = "TOKENS/S", .right = true}});
  for (const auto& row : r.rows) {
    table.row({std::to_string(row.tokens), std::to_string(row.threads), std::to_string(row.batch),
               fixed(row.p50_ms, 3), fixed(row.p95_ms, 3), fixed(row.p99_ms, 3), fixed(row.cpu_ms, 3),
               fixed(row.tokens_per_second, 0)});
  }
  in.out().put(table.render(in.session().out_terminal));
  if (r.eval) {
    const double part = 100.0 * static_cast<double>(r.eval->right) / static_cast<double>(r.eval->texts);
    in.out().line("accuracy " + fixed(part, 1) + "% (" + std::to_string(r.eval->right) + " of " +
                  std::to_string(r.eval->texts) + "; 95% interval " + fixed(100 * r.eval->low, 1) + " to " +
                  fixed(100 * r.eval->high, 1) + ")");
  }
  for (const auto& figure : recorded) in.out().line("recorded in nano.json: " + sanitize(figure));
  return 0;
}

}  // namespace

void add_bench_commands(std::vector<Command>& table) {
  table.push_back(
      {.name = "bench",
       .group = "Use models",
       .summary = "measure a model on this machine",
       .description =
           "Times calls of so many tokens, threads and texts at once, the start of a new process up to its "
           "first "
           "answer, and that process's greatest memory. Rows that give times of a busy machine say so by "
           "their "
           "least CPU time. With --eval also how often the model is right. The JSON document holds this "
           "machine's calibration too (`nano doctor hw`): a claim of these times states that of its "
           "variant's quantization.\n\nWith --json one document: "
           "{\"schema\": \"nano.bench/1\", \"data\": {\"model\", \"kernels\", \"machine\", \"load_ms\", "
           "\"cold_start_ms\", \"peak_memory_mb\", \"rows\": [{\"tokens\", \"threads\", \"batch\", "
           "\"p50_ms\", "
           "\"p95_ms\", \"p99_ms\", \"cpu_ms\", \"tokens_per_second\"}], \"eval\"}}.",
       .positionals = {{.name = "MODEL",
                        .help = "an installed name, `NAME:VARIANT`, a .gguf file or a package folder `DIR/`",
                        .completes = Completes::installed}},
       .options =
           {{.name = "tokens",
             .kind = OptionKind::value,
             .value = "LIST",
             .help = "lengths of a text (16,32,128)"},
            {.name = "threads",
             .short_name = 't',
             .kind = OptionKind::value,
             .value = "LIST",
             .help = "threads (1)"},
            {.name = "batch", .kind = OptionKind::value, .value = "LIST", .help = "texts in one call (1)"},
            {.name = "runs",
             .kind = OptionKind::number,
             .value = "N",
             .help = "timed calls for each row (100)",
             .least = 1},
            {.name = "eval", .help = "answer the labelled texts that the package brings"},
            {.name = "eval-file",
             .kind = OptionKind::value,
             .value = "FILE",
             .help = "answer these: lines of label, tab, text",
             .completes = Completes::files},
            {.name = "record", .help = "write the figures into the nano.json of the package folder MODEL, as claims"},
            {.name = "no-cold-start", .help = "start no other processes"}},
       .examples = {{.line = "nano bench sentiment-50m --tokens 16,32 --threads 1,2"},
                    {.line = "nano bench sentiment-50m:q4 --eval --json"},
                    {.line = "nano bench my-model/ --eval --record", .what = "claims for the package"}},
       .exits = {Errc::not_found, Errc::store, Errc::invalid, Errc::unsupported},
       .run = run_bench});
}

}  // namespace nano::cli
