// bench/random_bert.cpp: a vocabulary of numbered words and weights from a small generator of our own.
#include "bench/random_bert.h"

#include <cmath>
#include <vector>

#include "runtime_shim/gguf/writer.h"
#include "runtime_shim/quant/blocks.h"

namespace nano::bench {
namespace {

// splitmix64 (Steele, Lea, Flood 2014): the same numbers with every standard library.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  // Uniform with the variance of a normal one of this deviation.
  float next(float deviation) {
    state_ += 0x9E3779B97F4A7C15u;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return (static_cast<float>(z >> 40) * 0x1p-23f - 1.0f) * deviation * 1.7320508f;
  }

 private:
  uint64_t state_;
};

class Maker {
 public:
  explicit Maker(const RandomBert& shape) : shape_(shape) {}

  [[nodiscard]] Status make(const fs::Path& path) {
    metadata();
    const uint32_t h = shape_.hidden, f = shape_.feed_forward;
    NANO_TRY(matrix("token_embd.weight", h, shape_.vocabulary, shape_.type, 0.05f));
    NANO_TRY(matrix("token_types.weight", h, 2, quant::Type::f32, 0.02f));
    NANO_TRY(matrix("position_embd.weight", h, shape_.context, quant::Type::f32, 0.02f));
    NANO_TRY(norm("token_embd_norm"));
    for (uint32_t i = 0; i < shape_.layers; ++i) {
      const std::string blk = "blk." + std::to_string(i) + ".";
      for (const char* part : {"attn_q", "attn_k", "attn_v", "attn_output"}) NANO_TRY(linear(blk + part, h, h));
      NANO_TRY(norm(blk + "attn_output_norm"));
      NANO_TRY(linear(blk + "ffn_up", h, f));
      NANO_TRY(linear(blk + "ffn_down", f, h));
      NANO_TRY(norm(blk + "layer_output_norm"));
    }
    if (shape_.labels != 0) {
      NANO_TRY(linear("cls", h, h));
      NANO_TRY(linear("cls.output", h, shape_.labels));
    }
    return builder_.write(path);
  }

 private:
  void metadata() {
    builder_.set_string("general.architecture", "bert");
    builder_.set_string("general.name", "random-bert");
    builder_.set_string("nano.abi", "bert/" + std::to_string(shape_.hidden) + "/random");
    builder_.set_u32("bert.context_length", shape_.context);
    builder_.set_u32("bert.embedding_length", shape_.hidden);
    builder_.set_u32("bert.block_count", shape_.layers);
    builder_.set_u32("bert.feed_forward_length", shape_.feed_forward);
    builder_.set_u32("bert.attention.head_count", shape_.heads);
    builder_.set_f32("bert.attention.layer_norm_epsilon", 1e-12f);
    builder_.set_bool("bert.attention.causal", false);
    builder_.set_u32("bert.pooling_type", shape_.pooling);
    std::vector<std::string> pieces{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    for (uint32_t i = 5; i < shape_.vocabulary; ++i) pieces.push_back("\xE2\x96\x81w" + std::to_string(i));
    pieces.resize(shape_.vocabulary);
    std::vector<int32_t> types(pieces.size(), 1);
    for (std::size_t i = 0; i < 5 && i < types.size(); ++i) types[i] = 3;
    builder_.set_u32("tokenizer.ggml.token_type_count", 2);  // llama.cpp asks for it
    builder_.set_string("tokenizer.ggml.model", "bert");
    builder_.set_string_array("tokenizer.ggml.tokens", pieces);
    builder_.set_i32_array("tokenizer.ggml.token_type", types);
    builder_.set_u32("tokenizer.ggml.padding_token_id", 0);
    builder_.set_u32("tokenizer.ggml.unknown_token_id", 1);
    builder_.set_u32("tokenizer.ggml.cls_token_id", 2);
    builder_.set_u32("tokenizer.ggml.seperator_token_id", 3);
  }

  [[nodiscard]] Status matrix(const std::string& name, uint32_t k, uint32_t n, quant::Type type, float deviation, float centre = 0) {
    if (k % quant::info(type).block != 0) type = quant::Type::f32;
    const uint64_t seed = (uint64_t{shape_.seed} << 32) + ++made_;
    const std::vector<uint64_t> dims = n != 0 ? std::vector<uint64_t>{k, n} : std::vector<uint64_t>{k};
    return builder_.add_tensor(name, type, dims, [=]() -> Result<std::vector<std::byte>> {
      Random random(seed);
      const std::size_t rows = n != 0 ? n : 1, row_bytes = k / quant::info(type).block * quant::info(type).bytes;
      std::vector<std::byte> bytes(rows * row_bytes);
      std::vector<float> row(k);
      for (std::size_t r = 0; r < rows; ++r) {
        for (float& v : row) v = centre + random.next(deviation);
        NANO_TRY(quant::quantize_row(type, row, std::span(bytes).subspan(r * row_bytes, row_bytes)));
      }
      return bytes;
    });
  }

  [[nodiscard]] Status linear(const std::string& name, uint32_t k, uint32_t n) {
    NANO_TRY(matrix(name + ".weight", k, n, shape_.type, 1.0f / std::sqrt(static_cast<float>(k))));
    return matrix(name + ".bias", n, 0, quant::Type::f32, 0.05f);
  }

  [[nodiscard]] Status norm(const std::string& name) {
    NANO_TRY(matrix(name + ".weight", shape_.hidden, 0, quant::Type::f32, 0.05f, 1.0f));
    return matrix(name + ".bias", shape_.hidden, 0, quant::Type::f32, 0.05f);
  }

  RandomBert shape_;
  gguf::Builder builder_{};
  uint32_t made_ = 0;
};

}  // namespace

Result<RandomBert> shape_named(std::string_view name) {
  struct Named {
    std::string_view name;
    RandomBert shape;
  };
  static const Named all[] = {
      {"bert-50m", {.vocabulary = 30522, .hidden = 512, .layers = 12, .heads = 8, .feed_forward = 2048}},
      {"minilm-23m", {.vocabulary = 30522, .hidden = 384, .layers = 6, .heads = 12, .feed_forward = 1536}},
      {"sentiment-50m", {.vocabulary = 74000, .hidden = 512, .layers = 6, .heads = 8, .feed_forward = 1024}},
  };
  std::string names;
  for (const Named& n : all) {
    if (n.name == name) return n.shape;
    names += (names.empty() ? "" : ", ") + std::string(n.name);
  }
  return make_error(Errc::usage, "no shape is called '" + std::string(name) + "'", "shapes: " + names);
}

Status write_random_bert(const RandomBert& shape, const fs::Path& path) {
  return Maker(shape).make(path);
}

}  // namespace nano::bench
