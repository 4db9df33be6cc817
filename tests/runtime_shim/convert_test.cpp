// tests/runtime_shim/convert_test.cpp: Hugging Face folders to GGUF: the logits of PyTorch, and one clear error for each fault.
#include "runtime_shim/convert/convert.h"

#include <cmath>
#include <cstring>

#include <catch2/catch.hpp>

#include "base/json.h"
#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/session.h"
#include "runtime_shim/tasks/embed.h"
#include "tests/support/support.h"

using namespace nano;

namespace {

namespace stdfs = std::filesystem;

Json golden_of(const std::string& model) {
  const auto doc = parse_json(test::read(test::data("hf/golden.json")), {.allow_floats = true});
  REQUIRE(doc);
  return doc->at(model);
}

/// A copy of a model's folder that can be broken, with what converting it says.
struct Copy {
  test::TempDir dir{};

  explicit Copy(const std::string& model) {
    stdfs::copy(test::data("hf/" + model), dir / "m", stdfs::copy_options::recursive);
  }
  [[nodiscard]] stdfs::path file(const std::string& name) const { return dir / ("m/" + name); }
  void edit(const std::string& name, const std::function<void(Json&)>& change) const {
    auto doc = parse_json(test::read(file(name)), {.allow_floats = true});
    REQUIRE(doc);
    change(*doc);
    test::write(file(name), dump_pretty(*doc));
  }
  /// Change the JSON header of the weights, the data staying as they are.
  void edit_header(const std::function<void(Json&)>& change) const {
    std::string bytes = test::read(file("model.safetensors"));
    uint64_t length = 0;
    std::memcpy(&length, bytes.data(), 8);
    auto header = parse_json(bytes.substr(8, length));
    REQUIRE(header);
    change(*header);
    const std::string text = dump_line(*header);
    length = text.size();
    std::string out(reinterpret_cast<const char*>(&length), 8);
    test::write(file("model.safetensors"), out + text + bytes.substr(8 + header_length(bytes)));
  }
  [[nodiscard]] Error error() const {
    const auto r = convert::convert(dir / "m", dir / "out.gguf");
    REQUIRE_FALSE(r);
    CHECK_FALSE(stdfs::exists(dir / "out.gguf"));
    for (const auto& e : stdfs::directory_iterator(dir.path())) CHECK(e.path().filename() == "m");
    return r.error();
  }

 private:
  static std::size_t header_length(const std::string& bytes) {
    uint64_t length = 0;
    std::memcpy(&length, bytes.data(), 8);
    return static_cast<std::size_t>(length);
  }
};

bool says(const Error& e, Errc code, std::string_view text) {
  INFO(e.message << " / " << e.hint);
  CHECK(e.code == code);
  CHECK((e.message + e.hint).find(text) != std::string::npos);
  return true;
}

std::vector<std::vector<float>> answers(const Model& model, const std::vector<int32_t>& ids) {
  std::vector<std::vector<float>> out;
  const std::vector<std::vector<int32_t>> sequences{ids};
  const models::Head& head = model.encoder().head();
  REQUIRE(model.run(sequences, models::Want::all, [&](const Model::Out& o) -> Status {
    const std::size_t h = model.shape().hidden;
    if (head.task() == models::HeadTask::tag) {
      std::vector<float> all(o.length * head.width());
      NANO_TRY(head.apply(model.kernels(), o.states.data(), h, o.length, all.data(), o.scratch));
      for (std::size_t t = 0; t < o.length; ++t)
        out.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(t * head.width()),
                         all.begin() + static_cast<std::ptrdiff_t>((t + 1) * head.width()));
      return Unit{};
    }
    out.emplace_back(head.width());
    if (head.task() == models::HeadTask::classify)
      return head.score(model.kernels(), o.states, o.length, out[0], o.scratch);
    return head.embed(model.kernels(), o.states, o.length, out[0], o.scratch);
  }));
  return out;
}

void check_model(const std::string& name) {
  const test::TempDir dir;
  const auto report = convert::convert(test::data("hf/" + name), dir / "m.gguf");
  INFO(name << ": " << (report ? "" : report.error().render()));
  REQUIRE(report);
  const auto model = Model::open((dir / "m.gguf").string(), {.derived = false});
  REQUIRE(model);
  for (const auto& c : golden_of(name)) {
    const std::string text = c.at("text");
    INFO(name << ": '" << text << "'");
    const auto ids = (*model)->encode(text).ids;
    CHECK(ids == c.at("ids").get<std::vector<int32_t>>());
    const auto want = c.at("out").get<std::vector<std::vector<float>>>();
    const auto have = answers(**model, ids);
    REQUIRE(have.size() == want.size());
    for (std::size_t t = 0; t < want.size(); ++t) {
      REQUIRE(have[t].size() == want[t].size());
      for (std::size_t i = 0; i < want[t].size(); ++i) CHECK(std::fabs(have[t][i] - want[t][i]) < 1e-4f);
    }
  }
}

}  // namespace

TEST_CASE("a converted BERT classifier answers as PyTorch, its labels with it") {
  check_model("bert_cls");
  const test::TempDir dir;
  const auto report = convert::convert(test::data("hf/bert_cls"), dir / "m.gguf");
  REQUIRE(report);
  CHECK(report->labels == std::vector<std::string>{"bad", "neutral", "good"});
  CHECK(report->left_out == std::vector<std::string>{"bert.embeddings.position_ids"});
  CHECK(report->tokenizer == "bert");
  // The same bytes every time.
  REQUIRE(convert::convert(test::data("hf/bert_cls"), dir / "n.gguf"));
  CHECK(test::read(dir / "m.gguf") == test::read(dir / "n.gguf"));
}
TEST_CASE("a converted cased tagger in f16 answers as PyTorch for every token") {
  check_model("bert_ner");
}
TEST_CASE("a converted sentence-transformers folder in shards embeds as PyTorch") {
  check_model("minilm");
}
TEST_CASE("a converted DistilBERT answers as PyTorch") {
  check_model("distilbert_cls");
}
TEST_CASE("a converted RoBERTa with vocab.json and merges.txt answers as PyTorch") {
  check_model("roberta_cls");
}
TEST_CASE("a converted XLM-R with a unigram tokenizer.json embeds as PyTorch") {
  check_model("xlmr");
}
TEST_CASE("a converted ModernBERT in bf16 answers as PyTorch") {
  check_model("modernbert_cls");
}

TEST_CASE("a configuration that this build does not do is refused by its key") {
  const auto with = [](const std::string& model, const std::string& key, const Json& value) {
    const Copy copy(model);
    copy.edit("config.json", [&](Json& c) { c[key] = value; });
    return copy.error();
  };
  says(with("bert_cls", "model_type", "t5"), Errc::unsupported, "model_type is 't5'");
  says(with("bert_cls", "architectures", Json::array({"BertForMultipleChoice"})), Errc::unsupported,
       "BertForMultipleChoice");
  says(with("bert_cls", "hidden_act", "relu"), Errc::unsupported, "hidden_act is 'relu'");
  says(with("bert_cls", "position_embedding_type", "relative_key"), Errc::unsupported,
       "position_embedding_type");
  says(with("bert_cls", "problem_type", "ranking"), Errc::unsupported, "problem_type is 'ranking'");
  says(with("bert_cls", "hidden_size", nullptr), Errc::invalid, "'hidden_size' is missing");
  says(with("bert_cls", "num_attention_heads", 5), Errc::invalid, "does not divide");
  says(with("bert_cls", "num_hidden_layers", 0), Errc::invalid, "num_hidden_layers is '0'");
  says(with("bert_cls", "id2label", Json{{"0", "a"}, {"2", "b"}}), Errc::invalid,
       "id2label has no text for 1");
  says(with("roberta_cls", "pad_token_id", 900), Errc::invalid, "leaves nothing");
  says(with("modernbert_cls", "hidden_activation", "silu"), Errc::unsupported, "hidden_activation is 'silu'");
}

TEST_CASE("a tensor that is missing, misshapen, unknown or not finite is named") {
  const Copy missing("distilbert_cls");
  missing.edit_header([](Json& h) {
    h["another"] = h["pre_classifier.bias"];
    h.erase("pre_classifier.bias");
  });
  says(missing.error(), Errc::invalid, "tensor 'pre_classifier.bias' is missing");
  const Copy more("distilbert_cls");
  more.edit("config.json", [](Json& c) { c["architectures"] = {"DistilBertModel"}; });
  says(more.error(), Errc::unsupported, "is none that a DistilBertModel has");
  const Copy shape("bert_ner");
  shape.edit("config.json", [](Json& c) { c["vocab_size"] = 400; });
  says(shape.error(), Errc::invalid, "word_embeddings.weight' has shape [");
  const Copy kind("bert_ner");
  kind.edit_header([](Json& h) { h["classifier.weight"]["dtype"] = "I16"; });
  says(kind.error(), Errc::unsupported, "'classifier.weight' is of type I16");
  const Copy infinite("bert_cls");
  std::string bytes = test::read(infinite.file("model.safetensors"));
  const std::string inf("\0\0\x80\x7f", 4);
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  bytes.replace(8 + static_cast<std::size_t>(length) + 8, 4, inf);
  test::write(infinite.file("model.safetensors"), bytes);
  says(infinite.error(), Errc::invalid, "not finite, element 2");
}

TEST_CASE("a pickle is never opened, and the way out is said") {
  const Copy copy("bert_cls");
  stdfs::rename(copy.file("model.safetensors"), copy.file("pytorch_model.bin"));
  says(copy.error(), Errc::unsupported, "safe_serialization=True");
}

TEST_CASE("shards that do not hold together are refused") {
  const auto with = [](const std::function<void(Json&)>& change) {
    const Copy copy("minilm");
    copy.edit("model.safetensors.index.json", change);
    return copy.error();
  };
  says(with([](Json& i) { i["weight_map"]["x"] = "../up.safetensors"; }), Errc::invalid,
       "'../up.safetensors'");
  says(with([](Json& i) { i["weight_map"]["x"] = "model-00001-of-00002.safetensors"; }), Errc::invalid,
       "tensor 'x' is not in");
  says(with([](Json& i) { i["weight_map"]["x"] = "none.safetensors"; }), Errc::not_found, "none.safetensors");
  says(with([](Json& i) { i.erase("weight_map"); }), Errc::invalid, "no weight_map");
}

TEST_CASE("a vocabulary that this build does not do, or that does not fit, is refused") {
  const auto with = [](const std::string& model, const std::function<void(Json&)>& change) {
    const Copy copy(model);
    copy.edit("tokenizer.json", change);
    return copy.error();
  };
  says(with("bert_ner", [](Json& t) { t["model"]["type"] = "WordLevel"; }), Errc::unsupported, "'WordLevel'");
  says(with("bert_ner", [](Json& t) { t["normalizer"]["type"] = "Lowercase"; }), Errc::unsupported,
       "'Lowercase'");
  says(with("bert_ner", [](Json& t) { t["model"]["vocab"]["extra"] = 5; }), Errc::invalid, "have the id 5");
  says(with("bert_ner", [](Json& t) { t["model"]["vocab"]["extra"] = 5000; }), Errc::invalid, "has id 5000");
  says(with("modernbert_cls", [](Json& t) { t["model"]["merges"].push_back("q z"); }), Errc::invalid,
       "'q z', joins what is no piece");
  says(with("modernbert_cls", [](Json& t) { t["pre_tokenizer"]["use_regex"] = false; }), Errc::unsupported,
       "use_regex");
  says(with("xlmr", [](Json& t) { t["normalizer"]["normalizers"][0]["precompiled_charsmap"] = "!"; }),
       Errc::invalid, "base64");
  says(with("xlmr", [](Json& t) { t["model"]["unk_id"] = 1 << 20; }), Errc::invalid, "unk_id");
  const Copy none("bert_cls");
  stdfs::remove(none.file("vocab.txt"));
  says(none.error(), Errc::not_found, "holds no vocabulary");
}
