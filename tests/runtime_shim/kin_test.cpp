// tests/runtime_shim/kin_test.cpp: BERT's nearest kin: what their own libraries make of texts, and one clear error for what is
// not done.
#include <cmath>

#include <catch2/catch.hpp>

#include "base/json.h"
#include "runtime_shim/convert/convert.h"
#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/quant/quantize_file.h"
#include "runtime_shim/session.h"
#include "runtime_shim/tasks/answer.h"
#include "runtime_shim/tasks/embed.h"
#include "tests/support/support.h"

using namespace nano;

namespace {

namespace stdfs = std::filesystem;

const Json& kin_golden() {
  static const Json all = [] {
    auto doc = parse_json(test::read(test::data("hf_kin/golden.json")), {.allow_floats = true});
    REQUIRE(doc);
    return std::move(*doc);
  }();
  return all;
}

std::unique_ptr<Model> converted(const std::string& name, const test::TempDir& dir) {
  const auto report = convert::convert(test::data("hf_kin/" + name), dir / (name + ".gguf"));
  INFO(name << ": " << (report ? "" : report.error().render()));
  REQUIRE(report);
  auto model = Model::open((dir / (name + ".gguf")).string(), {.derived = false});
  INFO((model ? "" : model.error().render()));
  REQUIRE(model);
  return std::move(*model);
}

/// Logits of a text, of all its tokens, or its vector.
std::vector<std::vector<float>> rows_of(const Model& model, const std::string& text) {
  const models::Head& head = model.heads().front().head;
  std::vector<std::vector<float>> rows;
  if (head.task() == models::HeadTask::tag) {
    const std::vector<std::vector<int32_t>> ids{model.encode(text).ids};
    REQUIRE(model.run(ids, models::Want::all, [&](const Model::Out& o) -> Status {
      std::vector<float> all(o.length * head.width());
      NANO_TRY(head.apply(model.kernels(), o.states.data(), model.shape().hidden, o.length, all.data(), o.scratch));
      for (std::size_t t = 0; t < o.length; ++t)
        rows.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(t * head.width()),
                          all.begin() + static_cast<std::ptrdiff_t>((t + 1) * head.width()));
      return Unit{};
    }));
    return rows;
  }
  const tasks::Input input{text, {}};
  auto answers = tasks::answer(model, {&input, 1});
  REQUIRE(answers);
  auto& first = answers->front().heads.front();
  rows.push_back(head.task() == models::HeadTask::embed ? first.vector : first.logits);
  return rows;
}

void check_texts(const Model& model, const std::string& name, float most = 1e-4f) {
  for (const auto& c : kin_golden().at(name)) {
    const std::string text = c.at("text");
    INFO(name << ": '" << text.substr(0, 60) << "'");
    if (c.contains("ids")) CHECK(model.encode(text).ids == c.at("ids").get<std::vector<int32_t>>());
    const auto want = c.at("out").get<std::vector<std::vector<float>>>();
    const auto have = rows_of(model, text);
    REQUIRE(have.size() == want.size());
    for (std::size_t t = 0; t < want.size(); ++t) {
      REQUIRE(have[t].size() == want[t].size());
      for (std::size_t i = 0; i < want[t].size(); ++i) CHECK(std::fabs(have[t][i] - want[t][i]) < most);
    }
  }
}

/// A copy of a folder that can be changed, with what converting it says.
struct KinCopy {
  test::TempDir dir{};
  explicit KinCopy(const std::string& model) { stdfs::copy(test::data("hf_kin/" + model), dir / "m", stdfs::copy_options::recursive); }
  void edit(const std::string& file, const std::function<void(Json&)>& change) const {
    auto doc = parse_json(test::read(dir / ("m/" + file)), {.allow_floats = true});
    REQUIRE(doc);
    change(*doc);
    test::write(dir / ("m/" + file), dump_pretty(*doc));
  }
  [[nodiscard]] Error error() const {
    const auto r = convert::convert(dir / "m", dir / "out.gguf");
    REQUIRE_FALSE(r);
    return r.error();
  }
};

bool names(const Error& e, Errc code, std::string_view text) {
  INFO(e.message << " / " << e.hint);
  CHECK(e.code == code);
  CHECK((e.message + e.hint).find(text) != std::string::npos);
  return true;
}

}  // namespace

TEST_CASE("camembert, data2vec-text, ernie and electra answer as transformers does") {
  const test::TempDir dir;
  for (const std::string name : {"camembert_cls", "data2vec_cls", "data2vec_ner", "ernie_cls", "electra_cls", "electra_ner", "electra_embed"})
    check_texts(*converted(name, dir), name);
}

TEST_CASE("regression and multi-label heads give what they were trained to give") {
  const test::TempDir dir;
  const auto number = converted("bert_regression", dir), several = converted("bert_multi", dir);
  check_texts(*number, "bert_regression");
  check_texts(*several, "bert_multi");
  CHECK(number->heads().front().head.problem() == models::Problem::regression);
  const tasks::Input input{"the film is good", {}};
  const auto raw = tasks::answer(*number, {&input, 1}), apart = tasks::answer(*several, {&input, 1});
  REQUIRE((raw && apart));
  const auto& one = raw->front().heads.front();
  CHECK(one.scores == one.logits);
  const auto& three = apart->front().heads.front();
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(three.scores[i] == Approx(1.0 / (1.0 + std::exp(-static_cast<double>(three.logits[i])))));
}

TEST_CASE("questions have the answers that transformers' pipeline finds") {
  const test::TempDir dir;
  for (const std::string name : {"bert_qa", "electra_qa", "roberta_qa", "distilbert_qa"}) {
    const auto model = converted(name, dir);
    CHECK(model->heads().front().head.task() == models::HeadTask::find);
    for (const auto& c : kin_golden().at(name)) {
      const std::string question = c.at("text"), context = c.at("pair");
      INFO(name << ": " << question);
      CHECK(model->encode_pair(question, context).ids == c.at("ids").get<std::vector<int32_t>>());
      const tasks::Input input{question, context};
      const auto answers = tasks::answer(*model, {&input, 1});
      INFO((answers ? "" : answers.error().render()));
      REQUIRE(answers);
      const auto& head = answers->front().heads.front();
      REQUIRE_FALSE(head.spans.empty());
      const tasks::Span& best = head.spans.front();
      CHECK(context.substr(best.begin, best.end - best.begin) == c.at("answer").at("answer").get<std::string>());
      CHECK(best.char_begin == c.at("answer").at("start").get<std::size_t>());
      CHECK(best.char_end == c.at("answer").at("end").get<std::size_t>());
      CHECK(best.score == Approx(c.at("answer").at("score").get<double>()).margin(1e-4));
    }
  }
}

TEST_CASE("one text is no question with its context") {
  const test::TempDir dir;
  const auto model = converted("bert_qa", dir);
  const tasks::Input input{"the film is good", {}};
  const auto answers = tasks::answer(*model, {&input, 1});
  REQUIRE_FALSE(answers);
  names(answers.error(), Errc::usage, "two texts");
  const tasks::Input nothing{"is it good", ""};
  const auto none = tasks::answer(*model, {&nothing, 1});
  REQUIRE(none);
  CHECK(none->front().heads.front().spans.empty());
}

TEST_CASE("dense layers after pooling are done, one after the other") {
  const test::TempDir dir;
  const auto model = converted("st_dense", dir);
  check_texts(*model, "st_dense");
  CHECK(model->info().embedding_length == 10);
  CHECK(model->shape().hidden == 16);
}

TEST_CASE("tables of token vectors give what model2vec and sentence-transformers give") {
  const test::TempDir dir;
  for (const std::string name : {"m2v_old", "m2v_new", "st_static"}) {
    const auto model = converted(name, dir);
    CHECK(model->info().architecture == "static-embedding");
    const Json& cases = kin_golden().at(name);
    for (const auto& c : cases) {
      const std::string text = c.at("text");
      INFO(name << ": '" << text.substr(0, 60) << "'");
      if (c.contains("ids")) CHECK(model->encode(text).ids == c.at("ids").get<std::vector<int32_t>>());
      const std::string_view view = text;
      const auto have = tasks::embed(*model, {&view, 1});
      REQUIRE(have);
      const auto want = c.at("out")[0].get<std::vector<float>>();
      REQUIRE(have->front().vector.size() == want.size());
      for (std::size_t i = 0; i < want.size(); ++i) CHECK(std::fabs(have->front().vector[i] - want[i]) < 2e-4f);
    }
    // A text without a token among others.
    const std::vector<std::string_view> texts{"", "the film is good", ""};
    const auto all = tasks::embed(*model, texts);
    REQUIRE(all);
    CHECK((*all)[0].vector == (*all)[2].vector);
    for (const float v : (*all)[0].vector) CHECK(v == 0.0f);
    CHECK((*all)[0].ms == 0.0);
  }
}

TEST_CASE("a table's texts are cut where its configuration says, or nowhere") {
  std::string text;
  for (int i = 0; i < 1200; ++i) text += ". ";  // short enough that the limit of characters comes after that of tokens
  const auto tokens = [&](const Json& most) {
    const KinCopy copy("m2v_new");
    copy.edit("config.json", [&](Json& c) { c["max_length"] = most; });
    const auto report = convert::convert(copy.dir / "m", copy.dir / "out.gguf");
    INFO((report ? "" : report.error().render()));
    REQUIRE(report);
    const auto model = Model::open((copy.dir / "out.gguf").string(), {.derived = false});
    REQUIRE(model);
    const auto encoding = (*model)->encode(text);
    CHECK(encoding.truncated == (encoding.ids.size() < 1200));
    return encoding.ids.size();
  };
  CHECK(tokens(7) == 7);
  CHECK(tokens(nullptr) == 1200);
  const KinCopy copy("m2v_new");
  copy.edit("config.json", [](Json& c) { c["max_length"] = "long"; });
  names(copy.error(), Errc::unsupported, "max_length");
}

TEST_CASE("kin are quantized as all models are") {
  const test::TempDir dir;
  for (const std::string name : {"electra_embed", "st_static", "st_dense"}) {
    const auto plain = converted(name, dir);
    const auto small = dir / (name + "-q8.gguf");
    const auto r = quant::quantize_file(dir / (name + ".gguf"), small, quant::Type::q8_0);
    INFO((r ? "" : r.error().render()));
    REQUIRE(r);
    const auto model = Model::open(small.string(), {.derived = false});
    REQUIRE(model);
    const std::string_view text = "a very bad story , not good !";
    const auto a = tasks::embed(*plain, {&text, 1}), b = tasks::embed(**model, {&text, 1});
    REQUIRE((a && b));
    double product = 0, own = 0, other = 0;
    for (std::size_t i = 0; i < a->front().vector.size(); ++i) {
      const double x = static_cast<double>(a->front().vector[i]), y = static_cast<double>(b->front().vector[i]);
      product += x * y;
      own += x * x;
      other += y * y;
    }
    INFO(name);
    CHECK(product / std::sqrt(own * other) > 0.999);
  }
}

TEST_CASE("a task type that config.json does not use changes nothing") {
  const KinCopy copy("ernie_cls");
  copy.edit("config.json", [](Json& c) { c["use_task_id"] = false; });
  const auto report = convert::convert(copy.dir / "m", copy.dir / "out.gguf");
  REQUIRE(report);
  CHECK(std::find(report->left_out.begin(), report->left_out.end(), "ernie.embeddings.task_type_embeddings.weight") != report->left_out.end());
  const auto model = Model::open((copy.dir / "out.gguf").string(), {.derived = false});
  REQUIRE(model);
  const auto& c = kin_golden().at("ernie_cls")[0];
  const auto have = rows_of(**model, c.at("text"))[0];
  CHECK(std::fabs(have[0] - c.at("out")[0][0].get<float>()) > 1e-3f);  // the type was part of every token there
}

TEST_CASE("models of other kinds are refused by name, with what they would need") {
  const KinCopy copy("ernie_cls");
  for (const std::string type : {"deberta", "deberta-v2", "mpnet", "nomic_bert", "albert"}) {
    copy.edit("config.json", [&](Json& c) { c["model_type"] = type; });
    const Error e = copy.error();
    names(e, Errc::unsupported, "'" + type + "'");
    names(e, Errc::unsupported, "it would need");
  }
}

TEST_CASE("what a dense layer, a table or a reranker says of itself is done or refused") {
  {
    const KinCopy copy("st_dense");
    copy.edit("2_Dense/config.json", [](Json& c) { c["activation_function"] = "torch.nn.modules.activation.SiLU"; });
    names(copy.error(), Errc::unsupported, "SiLU");
  }
  {
    const KinCopy copy("st_dense");
    copy.edit("3_Dense/config.json", [](Json& c) { c["in_features"] = 41; });
    names(copy.error(), Errc::invalid, "in_features is 41");
  }
  {
    const KinCopy copy("st_dense");
    copy.edit("modules.json", [](Json& m) { std::swap(m[3]["type"], m[4]["type"]); });
    names(copy.error(), Errc::unsupported, "modules.json");
  }
  {
    const KinCopy copy("st_dense");
    stdfs::rename(copy.dir / "m/2_Dense/model.safetensors", copy.dir / "m/2_Dense/pytorch_model.bin");
    names(copy.error(), Errc::unsupported, "pytorch_model.bin");
  }
  {
    const KinCopy copy("st_static");
    copy.edit("modules.json", [](Json& m) { m.push_back({{"idx", 1}, {"name", "1"}, {"path", "1_LSTM"}, {"type", "sentence_transformers.models.LSTM"}}); });
    names(copy.error(), Errc::unsupported, "LSTM");
  }
  {
    const KinCopy copy("electra_cls");
    copy.edit("config.json", [](Json& c) { c["embedding_size"] = 32; });
    names(copy.error(), Errc::unsupported, "embedding_size");
  }
  const auto problem = [](const std::string& name, const char* fn) {
    const KinCopy copy(name);
    copy.edit("config.json", [&](Json& c) {
      c.erase("problem_type");
      c["sentence_transformers"] = {{"activation_fn", fn}};
    });
    const auto r = convert::convert(copy.dir / "m", copy.dir / "out.gguf");
    if (!r) return std::string("refused");
    const auto file = gguf::File::open(copy.dir / "out.gguf");
    REQUIRE(file);
    const auto word = file->get_string_or("nano.classifier.problem", "single_label");
    REQUIRE(word);
    return std::string(*word);
  };
  CHECK(problem("bert_regression", "torch.nn.modules.linear.Identity") == "regression");
  CHECK(problem("bert_regression", "torch.nn.modules.activation.Sigmoid") == "multi_label");
  CHECK(problem("bert_regression", "torch.nn.modules.activation.Tanh") == "refused");
  CHECK(problem("bert_multi", "torch.nn.modules.linear.Identity") == "single_label");
}
