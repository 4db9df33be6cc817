// app/calibrate.cpp: the micro-benchmark by which latencies claimed elsewhere are corrected, and where it is kept.
#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <vector>

#include "app/installed.h"
#include "app/machine.h"
#include "base/hash.h"
#include "base/json.h"
#include "runtime_shim/kernels/dispatch.h"
#include "runtime_shim/packed/panels.h"
#include "runtime_shim/quant/blocks.h"
#include "store/state_db.h"

namespace nano::app {
namespace {

constexpr std::size_t kRows = 32;   // of activations: a sentence
constexpr std::size_t kSide = 384;  // of the matrix: a small encoder's width
constexpr double kBudgetMs = 20;    // for one quantization: hundreds of products on a laptop, ten types in 0.2 s
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

/// Of T, aligned as the kernels want it.
template <class T>
class Aligned {
 public:
  explicit Aligned(std::size_t n)
      : data_(static_cast<T*>(std::aligned_alloc(64, (n * sizeof(T) + 63) / 64 * 64))) {
    if (data_) std::fill_n(data_.get(), n, T{});
  }
  [[nodiscard]] T* data() const { return data_.get(); }
  explicit operator bool() const { return data_ != nullptr; }

 private:
  std::unique_ptr<T, AlignedFree> data_;
};

double measure_packed(const kernels::Table& table, quant::Type type, const std::vector<std::byte>& rows) {
  const int bits = packed::bits_of(type);
  const std::size_t panels = kSide / kernels::kLanes;
  const std::size_t bytes = packed::panel_bytes(kSide, bits);
  const Aligned<uint8_t> panel(panels * bytes);
  const Aligned<float> scale(kSide), bias(kSide), x_scale(kRows), x(kRows * kSide), out(kRows * kSide);
  const Aligned<int32_t> sum(kSide);
  const Aligned<uint8_t> u(kRows * kSide);
  const Aligned<std::byte> scratch(kernels::scratch_bytes(kSide));
  if (!panel || !scale || !bias || !x_scale || !x || !out || !sum || !u || !scratch) return 0;
  const packed::Source source{rows, kSide, kSide, type};
  for (std::size_t p = 0; p < panels; ++p)
    packed::pack_panel(source, p * kernels::kLanes, bits, panel.data() + p * bytes,
                       scale.data() + p * kernels::kLanes, sum.data() + p * kernels::kLanes);
  for (std::size_t i = 0; i < kRows * kSide; ++i) x.data()[i] = std::cos(static_cast<float>(i));
  const kernels::Packed w{panel.data(), scale.data(), sum.data(), bias.data(), kSide, kSide, bytes, bits};
  return median_us([&] {  // as a layer does it: the activations are quantized each time
    table.quantize(x.data(), kSide, kRows, kSide, u.data(), x_scale.data());
    const kernels::QuantRows q{u.data(), x_scale.data(), kRows, kSide};
    table.matmul(&w, &q, 0, panels, kernels::Then::nothing, out.data(), kSide, scratch.data());
  });
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
  if (packed::packable(type.type, kSide)) return measure_packed(table, type.type, bytes);
  const kernels::Weights w{bytes.data(), kSide, kSide, row_bytes,
                           static_cast<kernels::WeightType>(type.type)};
  const Aligned<float> x(kRows * kSide), out(kRows * kSide);
  const Aligned<std::byte> scratch(kernels::scratch_bytes(kSide));
  if (!x || !out || !scratch) return 0;
  std::copy_n(values.begin(), kRows * kSide, x.data());
  return median_us([&] {
    table.matmul_float(&w, x.data(), kSide, kRows, 0, kSide, nullptr, out.data(), kSide, scratch.data());
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
