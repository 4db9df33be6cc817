// app/calibrate.cpp: the micro-benchmark by which latencies claimed elsewhere are corrected, and where it is kept.
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "app/installed.h"
#include "app/machine.h"
#include "base/hash.h"
#include "base/json.h"
#include "runtime_shim/kernels/dispatch.h"
#include "runtime_shim/quant/blocks.h"
#include "store/state_db.h"

namespace nano::app {
namespace {

constexpr std::size_t kRows = 32;   // of activations: a sentence
constexpr std::size_t kSide = 384;  // of the matrix: a small encoder's width
constexpr double kBudgetMs = 50;    // for one quantization
constexpr std::string_view kVersion = "1";
constexpr std::string_view kKey = "calibration";

struct AlignedFree {
  void operator()(void* p) const { std::free(p); }
};

/// Times one product after another for kBudgetMs; the median in microseconds.
template <class Product>
double median_us(Product product) {
  std::vector<double> times;
  product();  // caches and clocks
  const double start = monotonic_ms();
  while (times.size() < 5 || (monotonic_ms() - start < kBudgetMs && times.size() < 20'000)) {
    const double before = monotonic_ms();
    product();
    times.push_back((monotonic_ms() - before) * 1000);
  }
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

double measure(const kernels::Table& table, const quant::TypeInfo& type) {
  std::vector<float> values(kSide * kSide);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<float>(i));
  const std::size_t row_bytes = kSide / type.block * type.bytes;
  std::vector<std::byte> bytes(kSide * row_bytes);
  for (std::size_t r = 0; r < kSide; ++r) {
    const auto row = std::span(values).subspan(r * kSide, kSide);
    if (!quant::quantize_row(type.type, row, std::span(bytes).subspan(r * row_bytes, row_bytes))) return 0;
  }
  const kernels::Weights w{bytes.data(), kSide, kSide, row_bytes,
                           static_cast<kernels::WeightType>(type.type)};
  const std::unique_ptr<void, AlignedFree> scratch(
      std::aligned_alloc(64, (kernels::scratch_bytes(kSide) + 63) / 64 * 64));
  if (!scratch) return 0;
  std::vector<float> x(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(kRows * kSide));
  std::vector<float> out(kRows * kSide);
  if (type.block == 1)
    return median_us([&] {
      table.matmul_float(&w, x.data(), kSide, kRows, 0, kSide, nullptr, out.data(), kSide, scratch.get());
    });
  constexpr std::size_t kBlocks = kSide / kernels::kBlock;
  std::vector<int8_t> q(kRows * kSide);
  std::vector<float> scale(kRows * kBlocks);
  std::vector<int32_t> sum(kRows * kBlocks);
  return median_us([&] {  // as a layer does it: the activations are quantized each time
    table.quantize_rows(x.data(), kSide, kRows, kSide, q.data(), scale.data(), sum.data());
    const kernels::QuantRows rows{q.data(), scale.data(), sum.data(), kRows, kSide};
    table.matmul_quant(&w, &rows, 0, kSide, nullptr, out.data(), kSide, scratch.get());
  });
}

std::string fingerprint_of(const std::string& table) {
  return sha256(cpu_name() + "\n" + table + "\n" + std::string(kVersion)).hex().substr(0, 16);
}

std::string table_name() {
  const char* forced = std::getenv("NANO_KERNELS");
  const auto table = kernels::choose(forced == nullptr ? "" : forced);
  return table ? (*table)->name : "";
}

Result<store::StateDb> open_state(const Context& ctx, store::Mode mode) {
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, mode));
  return store::StateDb::open(store, *ctx.log);
}

Calibration parse_kept(const std::string& text, const std::string& fingerprint) {
  JsonLimits limits;
  limits.allow_floats = true;
  const auto doc = parse_json(text, limits);
  Calibration out;
  if (!doc || !doc->is_object()) return out;
  const auto print = doc->find("fingerprint");
  const auto us = doc->find("us");
  if (print == doc->end() || *print != fingerprint || us == doc->end() || !us->is_object()) return out;
  for (const auto& [key, value] : us->items())
    if (value.is_number() && value.get<double>() > 0) out.us[key] = value.get<double>();
  out.fingerprint = fingerprint;
  out.from_cache = true;
  if (const auto at = doc->find("measured"); at != doc->end() && at->is_string())
    out.measured = at->get<std::string>();
  return out;
}

}  // namespace

Calibration kept_calibration(const Context& ctx) {
  std::error_code ec;
  if (!std::filesystem::exists(schemas::StoreLayout(ctx.places.store).state_db(), ec)) return {};
  auto db = open_state(ctx, store::Mode::read);
  if (!db) return {};
  const auto text = db->get(kKey);
  return text && *text ? parse_kept(**text, fingerprint_of(table_name())) : Calibration{};
}

Result<Calibration> calibrate(const Context& ctx, bool again) {
  if (!again)
    if (Calibration kept = kept_calibration(ctx); !kept.us.empty()) return kept;
  const char* forced = std::getenv("NANO_KERNELS");
  NANO_TRY_ASSIGN(const kernels::Table* table, kernels::choose(forced == nullptr ? "" : forced));
  Calibration out;
  out.fingerprint = fingerprint_of(table->name);
  out.measured = format_time(ctx.now);
  for (const quant::TypeInfo& type : quant::all_types()) {
    if (!type.computable) continue;
    if (const double us = measure(*table, type); us > 0) out.us[std::string(type.name)] = us;
  }
  // A store that cannot be written costs the measuring again next time and nothing else.
  if (auto db = open_state(ctx, store::Mode::write)) {
    Json doc = {{"fingerprint", out.fingerprint}, {"measured", out.measured}, {"us", out.us}};
    if (auto s = db->put(kKey, doc.dump()); !s) ctx.log->detail("calibration not kept: " + s.error().message);
  }
  return out;
}

}  // namespace nano::app
