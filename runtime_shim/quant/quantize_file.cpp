// runtime_shim/quant/quantize_file.cpp: one tensor at a time: old blocks to floats to new blocks, row by row.
#include "runtime_shim/quant/quantize_file.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string_view>

#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/gguf/writer.h"
#include "runtime_shim/quant/blocks.h"
#include "runtime_shim/quant/k_blocks.h"

namespace nano::quant {
namespace {

constexpr uint32_t kQuantizationVersion = 2;  // source: ggml include/ggml.h, GGML_QNT_VERSION

bool ends_with(std::string_view s, std::string_view end) {
  return s.size() >= end.size() && s.substr(s.size() - end.size()) == end;
}

/// Weights that are small and do much: they stay F32. source: llama.cpp src/llama-quant.cpp, but for cls.output.
bool stays_f32(const gguf::Tensor& t, const QuantizeOptions& options) {
  if (t.rank < 2 || !ends_with(t.name, ".weight") || t.name.find("_norm.weight") != std::string_view::npos)
    return true;
  if (t.name == "position_embd.weight" || t.name == "token_types.weight" || t.name == "cls.output.weight")
    return true;
  return std::any_of(options.keep_f32.begin(), options.keep_f32.end(),
                     [&](const std::string& part) { return t.name.find(part) != std::string_view::npos; });
}

/// The type of a weight when `target` is asked for: see the header. `last`: the number of the last layer.
Type chosen(std::string_view name, Type target, uint64_t last, bool uniform) {
  if (uniform || (target != Type::nano_q3 && target != Type::nano_q2)) return target;
  const auto has = [&](std::string_view part) { return name.find(part) != std::string_view::npos; };
  if (name == "token_embd.weight") return Type::nano_q3;
  const bool adds = has(".attn_v.") || has(".attn_qkv.") || has(".attn_output.") || has(".ffn_down.");
  const bool edge = name.starts_with("blk.0.") || name.starts_with("blk." + std::to_string(last) + ".");
  if (adds && edge) return Type::q4_0;
  return adds && target == Type::nano_q2 ? Type::nano_q3 : target;
}

/// All rows of `t` as report.to; fills the report's errors.
Result<std::vector<std::byte>> convert(const gguf::File& file, const gguf::Tensor& t, TensorReport& report) {
  const std::size_t width = static_cast<std::size_t>(t.row_length());
  const std::size_t old_row = static_cast<std::size_t>(t.row_bytes());
  const std::size_t new_row = static_cast<std::size_t>(*row_bytes(info(report.to), width));
  std::vector<std::byte> out(static_cast<std::size_t>(report.bytes_after));
  std::vector<float> before(width), after(width);
  double squares = 0, all = 0;
  for (std::size_t r = 0; r < t.rows(); ++r) {
    read_row(report.from, t.bytes.subspan(r * old_row, old_row), before);
    const auto place = std::span(out).subspan(r * new_row, new_row);
    if (auto done = quantize_row(report.to, before, place); !done) {
      Error e = std::move(done).error();
      e.message = gguf::shown(file.name()) + ": tensor '" + gguf::shown(t.name) + "', row " +
                  std::to_string(r) + ": " + e.message;
      return e;
    }
    dequantize_row(report.to, place, after);
    for (std::size_t i = 0; i < width; ++i) {
      const double error = std::fabs(static_cast<double>(after[i]) - static_cast<double>(before[i]));
      squares += error * error;
      all += static_cast<double>(before[i]) * static_cast<double>(before[i]);
      report.max_error = std::max(report.max_error, error);
    }
  }
  report.rms_error = std::sqrt(squares / static_cast<double>(t.elements()));
  report.rms_value = report.from == report.to ? 0.0 : std::sqrt(all / static_cast<double>(t.elements()));
  return out;
}

}  // namespace

Result<QuantizeReport> quantize_file(const fs::Path& in, const fs::Path& out, Type target,
                                     const QuantizeOptions& options) {
  NANO_TRY_ASSIGN(const gguf::File file, gguf::File::open(in));
  std::error_code ignored;
  if (std::filesystem::equivalent(in, out, ignored))
    return make_error(Errc::usage, "the output is the input, " + gguf::shown(in.string()),
                      "name another file for the output");

  gguf::Builder builder;
  for (const gguf::Entry& e : file.metadata()) builder.copy(e);
  builder.set_u32("general.file_type", static_cast<uint32_t>(info(target).file_type));
  builder.set_u32("general.quantization_version", kQuantizationVersion);

  uint64_t last = 0;
  while (std::any_of(file.tensors().begin(), file.tensors().end(), [&](const gguf::Tensor& t) {
    return t.name.starts_with("blk." + std::to_string(last + 1) + ".");
  }))
    ++last;
  QuantizeReport report;
  NANO_TRY_ASSIGN(const auto architecture, file.get_string_or("general.architecture", ""));
  report.architecture = std::string(architecture);
  report.bytes_before = file.bytes().size();
  report.tensors.resize(file.tensors().size());  // the producers below keep references into it
  for (std::size_t i = 0; i < report.tensors.size(); ++i) {
    const gguf::Tensor& t = file.tensors()[i];
    TensorReport& r = report.tensors[i];
    if (!is_readable(t.type->type))
      return file.unsupported("tensor '" + gguf::shown(t.name) + "' is of type " + std::string(t.type->name) +
                                  ", which this build cannot read",
                              "quantize from a file of type f32, f16, bf16, q8_0 or a K-quant");
    r.name = std::string(t.name);
    r.from = t.type->type;
    r.to = stays_f32(t, options) ? Type::f32 : chosen(t.name, target, last, options.uniform);
    if (r.to != target && t.rank >= 2)
      r.note = r.to == Type::f32 ? "small, and does much" : "an error in it costs most";
    if (const uint32_t block = info(r.to).block; t.row_length() % block != 0) {
      r.to = Type::f16;
      r.note = "rows of " + std::to_string(t.row_length()) + " values are no multiple of " + std::to_string(block);
    }
    r.elements = t.elements();
    r.bytes_before = t.bytes.size();
    const auto row = row_bytes(info(r.to), t.row_length());
    if (!row || __builtin_mul_overflow(*row, t.rows(), &r.bytes_after))
      return file.invalid("tensor '" + gguf::shown(t.name) + "' is too large for " +
                          std::string(info(r.to).name));
    report.parameters += r.elements;
    NANO_TRY(builder.add_tensor(t.name, r.to, std::span(t.dims).first(t.rank),
                                [&file, &t, &r, &options] {
                                  auto made = convert(file, t, r);
                                  if (options.done) options.done(t.bytes.size());
                                  return made;
                                }));
  }
  NANO_TRY_ASSIGN(fs::Output written, fs::Output::open(out, {.replace = options.replace}));
  NANO_TRY(builder.write_to(written.writer()));
  NANO_TRY(written.commit());
  report.bytes_after = written.size();
  return report;
}

}  // namespace nano::quant
