// tests/runtime_shim/convert_keys_test.cpp: each key of a Hugging Face folder is honoured or refused by name, and the page says so.
#include "runtime_shim/convert/known_keys.h"

#include <cmath>
#include <cstring>

#include <catch2/catch.hpp>

#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/models/gguf_keys.h"
#include "runtime_shim/tasks/embed.h"
#include "tests/runtime_shim/convert_copy.h"

using namespace nano;
using test::ConvertCopy;

namespace {

namespace stdfs = std::filesystem;

/// The value of a rule that refuses all but some: another one.
Json other_than(std::string_view values) {
  if (values.starts_with('{')) return {{"x", 1}};
  if (values.starts_with('[')) return Json::array({"x"});
  if (values == "true") return false;
  if (values == "false") return true;
  if (!values.empty() && values.front() >= '0' && values.front() <= '9') return 0.25;
  return "something else";
}

/// The folder, the file in it and the object of that file where a rule's key stands.
struct Place {
  std::string model, file;
  std::vector<std::string> path;
};
Place place_of(std::string_view where) {
  if (where == "config.json, ModernBERT") return {"modernbert_cls", "config.json", {}};
  if (where == "rope_parameters") return {"modernbert_cls", "config.json", {"rope_parameters", "full_attention"}};
  if (where.starts_with("config.json")) return {"bert_ner", "config.json", {}};
  if (where == "tokenizer.json") return {"bert_ner", "tokenizer.json", {}};
  if (where == "truncation") return {"bert_ner", "tokenizer.json", {"truncation"}};
  if (where == "BertNormalizer") return {"bert_ner", "tokenizer.json", {"normalizer"}};
  if (where == "WordPiece") return {"bert_ner", "tokenizer.json", {"model"}};
  if (where == "ByteLevel") return {"modernbert_cls", "tokenizer.json", {"pre_tokenizer"}};
  if (where == "BPE") return {"modernbert_cls", "tokenizer.json", {"model"}};
  if (where == "Metaspace") return {"xlmr", "tokenizer.json", {"pre_tokenizer", "pretokenizers", "1"}};
  if (where == "Unigram") return {"xlmr", "tokenizer.json", {"model"}};
  if (where == "modules.json") return {"xlmr", "modules.json", {"0"}};
  if (where == "Pooling") return {"xlmr", "1_Pooling/config.json", {}};
  if (where == "Normalize") return {"xlmr", "2_Normalize/config.json", {}};
  if (where == "Dense") return {"xlmr", "2_Dense/config.json", {}};
  if (where == "tokenizer_config.json") return {"bert_ner", "tokenizer_config.json", {}};
  return {"xlmr", std::string(where), {}};
}

Json& object_at(Json& doc, const std::vector<std::string>& path) {
  Json* at = &doc;
  for (const std::string& step : path) at = at->is_array() ? &(*at)[std::stoul(step)] : &(*at)[step];
  return *at;
}

void put(const ConvertCopy& copy, const Place& place, std::string_view key, const Json& value) {
  copy.edit(place.file, [&](Json& doc) { object_at(doc, place.path)[std::string(key)] = value; });
}

/// What must be there for the key to count.
void prepare(const ConvertCopy& copy, std::string_view where) {
  if (where == "truncation") copy.edit("tokenizer.json", [](Json& t) { t["truncation"] = {{"direction", "Right"}}; });
  if (where == "rope_parameters")
    copy.edit("config.json", [](Json& c) { c["rope_parameters"] = {{"full_attention", {{"rope_type", "default"}}}}; });
  if (where == "Dense") {
    copy.edit("modules.json", [](Json& m) {
      m = Json::array({m[0], m[1], {{"idx", 2}, {"path", "2_Dense"}, {"type", "sentence_transformers.models.Dense"}}});
    });
    copy.edit("2_Dense/config.json", [](Json& c) { c = {{"in_features", 16}, {"out_features", 4}}; });
  }
  if (where != "Normalize") return;
  copy.edit("modules.json", [](Json& m) {
    Json fresh = Json::array({m[0], m[1]});
    fresh.push_back({{"idx", 2}, {"name", "2"}, {"path", "2_Normalize"}, {"type", "sentence_transformers.models.Normalize"}});
    m = fresh;
  });
}

}  // namespace

TEST_CASE("each key that has neutral values is refused by name with another one") {
  for (const convert::KeyRule& rule : convert::known_keys()) {
    if (rule.use != convert::Use::only) continue;
    const Place place = place_of(rule.where);
    const ConvertCopy copy(place.model);
    prepare(copy, rule.where);
    INFO(rule.where << ": " << rule.key);
    put(copy, place, rule.key, other_than(rule.values));
    copy.refused(Errc::unsupported, {rule.key});
  }
}

TEST_CASE("each key that is neutral changes no byte of what is written, whatever it says") {
  for (const convert::KeyRule& rule : convert::known_keys()) {
    if (rule.use != convert::Use::neutral) continue;
    const Place place = place_of(rule.where);
    const ConvertCopy plain(place.model), copy(place.model);
    INFO(rule.where << ": " << rule.key);
    prepare(plain, rule.where);
    prepare(copy, rule.where);
    put(copy, place, rule.key, Json(7));
    REQUIRE(plain.run());
    const auto changed = copy.run();
    INFO((changed ? "" : changed.error().render()));
    REQUIRE(changed);
    CHECK((test::read(plain.dir / "out.gguf") == test::read(copy.dir / "out.gguf")));
  }
}

TEST_CASE("a key that nobody knows is refused where it may change the answers, and told where nothing reads it") {
  for (const char* where : {"tokenizer.json", "truncation", "BertNormalizer", "WordPiece", "ByteLevel", "BPE", "Metaspace", "Unigram",
                            "modules.json", "Pooling", "Dense", "sentence_bert_config.json", "config_sentence_transformers.json"}) {
    const Place place = place_of(where);
    const ConvertCopy copy(place.model);
    INFO(where);
    prepare(copy, where);
    put(copy, place, "a_new_switch", true);
    copy.refused(Errc::unsupported, {"a_new_switch"});
  }
  const ConvertCopy copy("bert_cls");
  copy.edit("config.json", [](Json& c) { c["my_own_key"] = 3; });
  const auto report = copy.run();
  REQUIRE(report);
  REQUIRE(report->notes.size() == 1);
  CHECK(report->notes[0].find("my_own_key") != std::string::npos);
}

TEST_CASE("docs/MODELS.md has both tables of keys as the code has them") {
  const stdfs::path page = stdfs::path(test::env("NANO_SOURCE").value_or(".")) / "docs/MODELS.md";
  std::string text = test::read(page);
  const auto between = [&](const std::string& name, const std::string& wanted) {
    const std::string begin = "<!-- " + name + ": begin -->\n", end = "<!-- " + name + ": end -->";
    const auto at = text.find(begin), stop = text.find(end);
    REQUIRE(at != std::string::npos);
    REQUIRE(stop != std::string::npos);
    if (test::env("NANO_ACCEPT")) {
      text = text.substr(0, at + begin.size()) + wanted + text.substr(stop);
      test::write(page, text);
      return;
    }
    INFO("NANO_ACCEPT=1 writes it anew");
    CHECK((text.substr(at + begin.size(), stop - at - begin.size()) == wanted));
  };
  between("gguf keys", models::gguf_keys_page());
  between("folder keys", convert::known_keys_page());
}

TEST_CASE("ModernBERT's layer_types stands before the period, as a period where one fits and layer by layer where none does") {
  const auto pattern = [](const std::vector<std::string>& types) {
    const ConvertCopy copy("modernbert_cls");
    copy.edit("config.json", [&](Json& c) { c["layer_types"] = types; });
    REQUIRE(copy.run());
    const auto file = gguf::File::open(copy.dir / "out.gguf");
    REQUIRE(file);
    const gguf::Value* v = file->find("modern-bert.attention.sliding_window_pattern");
    REQUIRE(v != nullptr);
    if (v->type != gguf::ValueType::array) return std::to_string(*file->get_u32("modern-bert.attention.sliding_window_pattern"));
    std::string out;
    for (const std::byte b : v->bytes) out += b == std::byte{1} ? 's' : 'f';
    return out;
  };
  const std::string f = "full_attention", s = "sliding_attention";
  CHECK(pattern({f, s, s, f, s}) == "3");
  CHECK(pattern({f, s, f, s, f}) == "2");
  CHECK(pattern({f, f, f, f, f}) == "1");
  CHECK(pattern({f, f, s, f, s}) == "ffsfs");
  CHECK(pattern({s, s, s, s, f}) == "ssssf");
  const ConvertCopy short_list("modernbert_cls");
  short_list.edit("config.json", [&](Json& c) { c["layer_types"] = {f, s}; });
  short_list.refused(Errc::invalid, {"layer_types"});
  const ConvertCopy odd("modernbert_cls");
  odd.edit("config.json", [&](Json& c) { c["layer_types"] = {f, s, s, f, "linear_attention"}; });
  odd.refused(Errc::unsupported, {"linear_attention"});
}

TEST_CASE("ModernBERT's rotation is read from either form, and refused where the two contradict each other") {
  const auto base = [](const std::function<void(Json&)>& change, const char* key) {
    const ConvertCopy copy("modernbert_cls");
    copy.edit("config.json", change);
    REQUIRE(copy.run());
    const auto file = gguf::File::open(copy.dir / "out.gguf");
    REQUIRE(file);
    return *file->get_f32(key);
  };
  const auto v5 = [](Json& c) {
    c.erase("global_rope_theta");
    c.erase("local_rope_theta");
    c["rope_parameters"] = {{"full_attention", {{"rope_type", "default"}, {"rope_theta", 5000.0}}},
                            {"sliding_attention", {{"rope_type", "default"}, {"rope_theta", 700.0}}}};
  };
  CHECK(base(v5, "modern-bert.rope.freq_base") == 5000.0f);
  CHECK(base(v5, "modern-bert.rope.freq_base_swa") == 700.0f);
  const auto none = [](Json& c) {
    for (const char* key : {"global_rope_theta", "local_rope_theta", "global_attn_every_n_layers", "local_attention"}) c.erase(key);
  };
  CHECK(base(none, "modern-bert.rope.freq_base") == 160000.0f);
  CHECK(base(none, "modern-bert.rope.freq_base_swa") == 10000.0f);
  const ConvertCopy both("modernbert_cls");
  both.edit("config.json", [](Json& c) { c["rope_parameters"] = {{"full_attention", {{"rope_theta", 5000.0}}}}; });
  both.refused(Errc::unsupported, {"global_rope_theta", "full_attention"});
  const ConvertCopy null("modernbert_cls");
  null.edit("config.json", [](Json& c) { c["local_rope_theta"] = nullptr; });
  null.refused(Errc::unsupported, {"local_rope_theta is null"});
}

TEST_CASE("a sentence-transformers folder of either form says how it pools, how long texts are, and what it cannot do here") {
  const auto with = [](const std::string& file, const std::function<void(Json&)>& change) {
    auto copy = std::make_unique<ConvertCopy>("minilm");
    copy->edit(file, change);
    return copy;
  };
  const auto pooling = [&](const Json& json) {
    const auto copy = with("1_Pooling/config.json", [&](Json& c) { c = json; });
    REQUIRE(copy->run());
    const auto file = gguf::File::open(copy->dir / "out.gguf");
    REQUIRE(file);
    return std::string(*file->get_string("nano.pooling"));
  };
  CHECK(pooling({{"embedding_dimension", 16}, {"pooling_mode", "lasttoken"}, {"include_prompt", true}}) == "last");
  CHECK(pooling({{"embedding_dimension", 16}, {"pooling_mode", {"max"}}}) == "max");
  CHECK(pooling({{"word_embedding_dimension", 16}}) == "mean");
  CHECK(pooling({{"pooling_mode", "cls"}, {"pooling_mode_mean_tokens", true}}) == "cls");
  with("1_Pooling/config.json", [](Json& c) { c["pooling_mode"] = "weightedmean"; })->refused(Errc::unsupported, {"weightedmean"});
  with("1_Pooling/config.json", [](Json& c) { c["pooling_mode"] = {"mean", "cls"}; })->refused(Errc::unsupported, {"pooling_mode"});
  with("1_Pooling/config.json", [](Json& c) { c["word_embedding_dimension"] = 17; })->refused(Errc::invalid, {"17"});
  with("modules.json", [](Json& m) {
    m.push_back({{"idx", 3}, {"path", "3_Dense"}, {"type", "sentence_transformers.models.LayerNorm"}});
  })->refused(Errc::unsupported, {"LayerNorm"});
  with("modules.json", [](Json& m) { m[0]["path"] = "0_Transformer"; })->refused(Errc::unsupported, {"0_Transformer"});
  with("modules.json", [](Json& m) { m[0]["type"] = "my_code.Transformer"; })->refused(Errc::unsupported, {"my_code"});
  with("config_sentence_transformers.json", [](Json& c) {
    c = {{"prompts", {{"query", "search: "}}}, {"default_prompt_name", "query"}};
  })->refused(Errc::unsupported, {"default_prompt_name", "search: "});
  const auto prompts = with("config_sentence_transformers.json", [](Json& c) {
    c = {{"prompts", {{"query", "search: "}, {"document", ""}}}, {"default_prompt_name", nullptr}};
  });
  const auto report = prompts->run();
  REQUIRE(report);
  REQUIRE(report->notes.size() == 1);
  CHECK(report->notes[0].find("search: ") != std::string::npos);
  // Of the files that say how long a text may be the first counts, and it stands before the tokenizer's.
  const auto longest = with("sentence_bert_config.json", [](Json& c) { c = {{"max_seq_length", 9}}; });
  longest->edit("tokenizer_config.json", [](Json& c) { c["model_max_length"] = 5; });
  CHECK(longest->run()->context == 9);
  const auto tokenizer = with("tokenizer_config.json", [](Json& c) { c["model_max_length"] = 5; });
  stdfs::remove(tokenizer->file("sentence_bert_config.json"));
  CHECK(tokenizer->run()->context == 5);
}

TEST_CASE("do_lower_case of sentence-transformers lowers the text before a cased WordPiece") {
  const auto ids = [](bool lower) {
    const ConvertCopy copy("minilm");
    copy.edit("tokenizer_config.json", [](Json& c) { c["do_lower_case"] = false; });
    copy.edit("sentence_bert_config.json", [&](Json& c) { c["do_lower_case"] = lower; });
    const auto model = copy.model();
    return std::pair(model->encode("The FILM").ids, model->encode("the film").ids);
  };
  const auto cased = ids(false), lowered = ids(true);
  CHECK(cased.first != cased.second);
  CHECK(lowered.first == lowered.second);
  CHECK(lowered.second == cased.second);
  const ConvertCopy bytes("xlmr");
  bytes.edit("sentence_bert_config.json", [](Json& c) { c["do_lower_case"] = true; });
  bytes.refused(Errc::unsupported, {"do_lower_case"});
}

TEST_CASE("files that change the answers and lie beside a model are refused by name") {
  for (const char* file : {"adapter_config.json", "adapter_model.safetensors", "model_head.pkl", "config_setfit.json"}) {
    const ConvertCopy copy("bert_cls");
    test::write(copy.file(file), "{}");
    copy.refused(Errc::unsupported, {file});
  }
}

TEST_CASE("a cross-encoder's activation is one that is known, or refused by name") {
  const ConvertCopy copy("bert_cls");
  copy.edit("config.json", [](Json& c) { c["sentence_transformers"] = {{"activation_fn", "my.Own"}, {"version", "5"}}; });
  copy.refused(Errc::unsupported, {"my.Own"});
  const ConvertCopy known("bert_cls");
  known.edit("config.json",
             [](Json& c) { c["sbert_ce_default_activation_function"] = "torch.nn.modules.linear.Identity"; });
  CHECK(known.run());
}

TEST_CASE("a remedy keeps the head, and none is named where there is none") {
  const ConvertCopy head("bert_cls");
  stdfs::rename(head.file("model.safetensors"), head.file("pytorch_model.bin"));
  head.refused(Errc::unsupported, {"pytorch_model.bin", "BertForSequenceClassification.from_pretrained(DIR)"});
  for (const char* file : {"model.onnx", "tf_model.h5", "flax_model.msgpack", "model.pt"}) {
    const ConvertCopy other("bert_cls");
    stdfs::rename(other.file("model.safetensors"), other.file(file));
    const auto r = other.run();
    REQUIRE_FALSE(r);
    CHECK(r.error().code == Errc::unsupported);
    CHECK(r.error().hint.find("from_pretrained") == std::string::npos);
  }
  const ConvertCopy hostile("bert_cls");
  stdfs::rename(hostile.file("model.safetensors"), hostile.file("pytorch_model.bin"));
  hostile.edit("config.json", [](Json& c) { c["architectures"] = {"X; import os"}; });
  hostile.refused(Errc::unsupported, {"AutoModel.from_pretrained"});
}
