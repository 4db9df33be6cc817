// tests/runtime_shim/gguf_keys_test.cpp: a key or tensor of a GGUF that would change the answers is honoured or refused by name.
#include "runtime_shim/models/gguf_keys.h"

#include <catch2/catch.hpp>

#include "runtime_shim/models/encoder.h"
#include "runtime_shim/session.h"
#include "tests/runtime_shim/model_files.h"
#include "tests/support/support.h"

using namespace nano;
using models::KeyUse;

namespace {


void set_other(gguf::Builder& b, const std::string& key, std::string_view values) {
  if (values == "true") return b.set_bool(key, false);
  if (values == "false") return b.set_bool(key, true);
  if (!values.empty() && values.front() >= '0' && values.front() <= '9') return b.set_f32(key, 2.5f);
  b.set_string(key, "silu");
}

Error open_with(const std::filesystem::path& from, const std::function<void(gguf::Builder&)>& add) {
  const test::TempDir dir;
  test::write_changed({.from = from, .without = {}, .add = add, .poisoned = {}}, dir / "m.gguf");
  const auto model = Model::open((dir / "m.gguf").string(), {.derived = false});
  REQUIRE_FALSE(model);
  return model.error();
}

void refused(const Error& e, std::string_view part) {
  INFO(e.message << " / " << e.hint);
  CHECK(e.code == Errc::unsupported);
  CHECK(e.message.find(part) != std::string::npos);
}

std::filesystem::path modern() {
  return test::family("modernbert.gguf");
}

}  // namespace

TEST_CASE("each metadata key that has neutral values is refused by name with another one") {
  for (const models::GgufKeyRule& rule : models::gguf_keys()) {
    if (rule.use != KeyUse::only) continue;
    const bool is_modern = rule.where == "modern-bert";
    // The other tokenizers have the same keys: BERT's stands for them.
    if (rule.where.starts_with("tokenizer ") && rule.where != "tokenizer bert") continue;
    std::string key(rule.key);
    if (!key.starts_with("tokenizer.") && !key.starts_with("split.")) key = (is_modern ? "modern-bert." : "bert.") + key;
    INFO(key);
    refused(open_with(is_modern ? modern() : std::filesystem::path(), [&](gguf::Builder& b) { set_other(b, key, rule.values); }),
            gguf::shown(key));
  }
}

TEST_CASE("neutral metadata keys and values change nothing, and a key that nobody knows is refused") {
  const auto opens = [](const std::function<void(gguf::Builder&)>& add) {
    const test::TempDir dir;
    test::write_changed({.from = {}, .without = {}, .add = add, .poisoned = {}}, dir / "m.gguf");
    const auto model = Model::open((dir / "m.gguf").string(), {.derived = false});
    INFO((model ? "" : model.error().render()));
    CHECK(model);
  };
  opens([](gguf::Builder& b) {
    b.set_string("general.anything", "x");
    b.set_string("someone.else", "x");
    b.set_string("tokenizer.chat_template.tool", "x");
    b.set_u32("tokenizer.ggml.fim_pre_token_id", 3);
    b.set_f32("bert.logit_scale", 1.0f);
    b.set_u32("bert.expert_count", 0);
    b.set_u32("split.count", 1);
    b.set_string("bert.hidden_activation", "gelu");
  });
  for (const char* key : {"bert.normalize_twice", "tokenizer.ggml.normalizer.nfkc", "nano.from_the_future", "bert.rope.freq_base",
                          "bert.attention.layer_norm_rms_epsilon", "tokenizer.rwkv.model", "bert.dense_2_feat_in",
                          "tokenizer.ggml.precompiled_charsmap"})
    refused(open_with({}, [&](gguf::Builder& b) { b.set_u32(key, 1); }), key);
}

TEST_CASE("heads of another width than their number says are refused") {
  refused(open_with({}, [](gguf::Builder& b) { b.set_u32("bert.attention.key_length", 3); }), "bert.attention.key_length");
}

TEST_CASE("a tensor that nothing uses is refused by name") {
  const std::vector<float> one(4, 1.0f);
  for (const char* name : {"rope_freqs.weight", "blk.0.attn_q_norm.weight", "dense_2.weight", "blk.7.attn_q.weight"})
    refused(open_with({}, [&](gguf::Builder& b) { REQUIRE(b.add_f32(name, {4}, one)); }), name);
}

TEST_CASE("llama.cpp's keys say whether a WordPiece lowers text and keeps accents") {
  const auto ids = [](bool lower) {
    const test::TempDir dir;
    test::write_changed({.from = {}, .without = {}, .add =
                             [&](gguf::Builder& b) {
                               b.set_bool("tokenizer.ggml.normalizer.lowercase", lower);
                               b.set_bool("tokenizer.ggml.normalizer.strip_accents", lower);
                             }, .poisoned = {}},
                        dir / "m.gguf");
    const auto model = Model::open((dir / "m.gguf").string(), {.derived = false});
    REQUIRE(model);
    return (*model)->encode("FILM").ids;
  };
  CHECK(ids(true).size() == 3);
  CHECK(ids(true) != ids(false));
  const Error e = open_with({}, [](gguf::Builder& b) {
    b.set_bool("tokenizer.ggml.normalizer.lowercase", true);
    b.set_bool("nano.tokenizer.lower_case", false);
  });
  CHECK(e.code == Errc::invalid);
  CHECK(e.message.find("contradict") != std::string::npos);
}

TEST_CASE("a window pattern may be a bool for each layer") {
  const auto load = [](const std::vector<bool>& local) -> Status {
    const test::TempDir dir;
    test::write_changed({.from = modern(), .without = {}, .add =
                             [&](gguf::Builder& b) { b.set_bool_array("modern-bert.attention.sliding_window_pattern", local); },
                         .poisoned = {}},
                        dir / "m.gguf");
    NANO_TRY_ASSIGN(const gguf::File file, gguf::File::open(dir / "m.gguf"));
    NANO_TRY(models::Encoder::load(file));
    return Unit{};
  };
  const auto file = gguf::File::open(modern());
  REQUIRE(file);
  const uint32_t layers = *file->get_u32("modern-bert.block_count");
  CHECK(load(std::vector<bool>(layers, true)));
  const auto wrong = load(std::vector<bool>(layers + 1, true));
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message.find("sliding_window_pattern") != std::string::npos);
}
