// tests/runtime_shim/convert_tokenizer_test.cpp: what the tokenizer's files say is what a converted model does with texts. The ids
// that are expected here are those of Hugging Face's tokenizers 0.22.
#include <algorithm>

#include <catch2/catch.hpp>

#include "runtime_shim/gguf/reader.h"
#include "tests/runtime_shim/convert_copy.h"

using namespace nano;
using test::ConvertCopy;
using Ids = std::vector<int32_t>;

namespace {

/// A folder of bert_ner's weights with this vocabulary in vocab.txt, one piece a line.
ConvertCopy& with_lines(ConvertCopy& copy, const std::vector<std::string>& pieces, bool lower = true) {
  std::string text;
  for (const auto& p : pieces) text += p + "\n";
  std::filesystem::remove(copy.file("tokenizer.json"));
  test::write(copy.file("vocab.txt"), text);
  copy.edit("tokenizer_config.json", [&](Json& c) { c["do_lower_case"] = lower; });
  return copy;
}
const std::vector<std::string> kSpecial = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
std::vector<std::string> lines(std::initializer_list<const char*> more) {
  std::vector<std::string> out = kSpecial;
  for (const char* m : more) out.emplace_back(m);
  return out;
}

Json added(int id, const std::string& content, std::initializer_list<const char*> flags) {
  Json token{{"id", id},           {"content", content}, {"special", false},   {"lstrip", false},
             {"rstrip", false},    {"single_word", false}, {"normalized", false}};
  for (const char* f : flags) token[f] = true;
  return token;
}

/// ids of texts after bert_ner's tokenizer.json got one more token, piece 24 ("un") taken for it.
Ids with_added(const Json& token, std::string_view text) {
  const ConvertCopy copy("bert_ner");
  copy.edit("tokenizer.json", [&](Json& t) {
    t["model"]["vocab"].erase("un");
    t["added_tokens"].push_back(token);
  });
  return copy.model()->encode(text).ids;
}

}  // namespace

TEST_CASE("BERT drops control characters, and only tab and line ends among them part words") {
  ConvertCopy copy("bert_ner");
  const auto model = with_lines(copy, lines({"a", "b", "ab", "##b"})).model();
  for (const char* text : {"a\tb", "a\nb", "a\rb", "a b", "a\xC2\xA0" "b", "a\xE2\x80\xA8" "b"}) CHECK(model->encode(text).ids == Ids{2, 5, 6, 3});
  for (const char* text : {"a\x0b" "b", "a\x0c" "b", "a\xC2\x85" "b", "a\x1f" "b", "a\x7f" "b", "a\xE2\x80\x8B" "b"})
    CHECK(model->encode(text).ids == Ids{2, 7, 3});
}

TEST_CASE("the Turkish dotted capital i becomes two characters where accents stay") {
  ConvertCopy copy("bert_ner");
  with_lines(copy, lines({"istanbul", "i\xCC\x87stanbul", "i", "##\xCC\x87", "i\xCC\x87"}));
  copy.edit("tokenizer_config.json", [](Json& c) { c["strip_accents"] = false; });
  const auto model = copy.model();
  CHECK(model->encode("\xC4\xB0stanbul").ids == Ids{2, 6, 3});
  CHECK(model->encode("\xC4\xB0").ids == Ids{2, 9, 3});
  CHECK(model->encode("ISTANBUL").ids == Ids{2, 5, 3});
}

TEST_CASE("an empty line of vocab.txt is an id that no text has, and a piece ##\u2581 stays one within words") {
  ConvertCopy copy("bert_ner");
  const auto model = with_lines(copy, lines({"hello", "", "##s", "##ld", "wor"})).model();
  CHECK(model->encode("hello").ids == Ids{2, 5, 3});
  CHECK(model->encode("ld").ids == Ids{2, 1, 3});
  CHECK(model->encode("sld").ids == Ids{2, 1, 3});
  CHECK(model->encode("world").ids == Ids{2, 9, 8, 3});
  ConvertCopy mark("bert_ner");
  const auto marked = with_lines(mark, lines({"a", "##\xE2\x96\x81", "##s", "##ld", "b"})).model();
  CHECK(marked->encode("ld").ids == Ids{2, 1, 3});
  CHECK(marked->encode("a\xE2\x96\x81").ids == Ids{2, 5, 6, 3});
  CHECK(marked->encode("a\xE2\x96\x81s").ids == Ids{2, 5, 6, 7, 3});
}

TEST_CASE("a word is unknown from as many characters on as the vocabulary says") {
  const ConvertCopy copy("bert_ner");
  copy.edit("tokenizer.json", [](Json& t) { t["model"]["max_input_chars_per_word"] = 4; });
  const auto model = copy.model();
  CHECK(model->encode("film good story").ids == Ids{2, 12, 13, 1, 3});
  const ConvertCopy none("bert_ner");
  none.edit("tokenizer.json", [](Json& t) { t["model"]["max_input_chars_per_word"] = 0; });
  none.refused(Errc::unsupported, {"max_input_chars_per_word"});
}

TEST_CASE("added tokens are one token each wherever they stand, by their flags") {
  CHECK(with_added(added(24, "[E1]", {}), "[E1] good[E1]film [E1]") == Ids{2, 24, 13, 24, 12, 24, 3});
  CHECK(with_added(added(24, "[E1]", {"special"}), "[E1] good film") == Ids{2, 24, 13, 12, 3});
  // single_word: not beside a letter, a digit or an underscore.
  CHECK(with_added(added(24, "good film", {"single_word"}), "good film. good films") == Ids{2, 24, 7, 13, 1, 3});
  // An id that the vocabulary has otherwise.
  const ConvertCopy other("bert_ner");
  other.edit("tokenizer.json", [](Json& t) { t["added_tokens"].push_back(added(24, "good", {})); });
  other.refused(Errc::invalid, {"good", "13"});
  // One that is a piece as well is found in words too.
  CHECK(with_added(added(13, "good", {"single_word"}), "_good good!") == Ids{2, 1, 13, 13, 5, 3});
  // lstrip and rstrip take white space along: the offsets say so.
  const ConvertCopy copy("bert_ner");
  copy.edit("tokenizer.json", [](Json& t) {
    t["model"]["vocab"].erase("un");
    t["added_tokens"].push_back(added(24, "<x>", {"lstrip", "rstrip"}));
  });
  const auto model = copy.model();
  const auto e = model->encode("film  <x>\t good");
  CHECK(e.ids == Ids{2, 12, 24, 13, 3});
  CHECK(e.offsets[2].begin == 4);
  CHECK(e.offsets[2].end == 11);
  CHECK(e.words == Ids{-1, 0, 1, 2, -1});
  // The longest of those that begin at a place.
  const ConvertCopy two("bert_ner");
  two.edit("tokenizer.json", [](Json& t) {
    t["model"]["vocab"].erase("un");
    t["model"]["vocab"].erase("##ly");
    t["added_tokens"].push_back(added(24, "<x>", {}));
    t["added_tokens"].push_back(added(23, "<x>y", {}));
  });
  CHECK(two.model()->encode("<x>y<x>").ids == Ids{2, 23, 24, 3});
}

TEST_CASE("a normalised added token is looked for in the normalised text, or refused where it would change itself") {
  const auto uncased = [](const std::string& content) {
    auto copy = std::make_unique<ConvertCopy>("bert_ner");
    copy->edit("tokenizer.json", [&](Json& t) {
      t["normalizer"]["lowercase"] = true;
      t["model"]["vocab"].erase("un");
      t["added_tokens"].push_back(added(24, content, {"normalized"}));
    });
    return copy;
  };
  const auto model = uncased("<user>")->model();
  CHECK(model->encode("<USER> film <us\xE2\x80\x8B" "er>good").ids == Ids{2, 24, 12, 24, 13, 3});
  const auto e = model->encode("film <\xC3\x9C" "ser>");  // the accent is taken off before
  CHECK(e.ids == Ids{2, 12, 24, 3});
  CHECK(e.offsets[2].begin == 5);
  CHECK(e.offsets[2].end == 12);
  uncased("<User>")->refused(Errc::unsupported, {"<User>", "normalized"});
  uncased("us\xC3\xA9r")->refused(Errc::unsupported, {"normalized"});
}

TEST_CASE("added tokens are read from every file that names some, and contradictions are refused") {
  const auto copy_with = [](const std::string& file, const Json& json) {
    auto copy = std::make_unique<ConvertCopy>("bert_ner");
    copy->edit("tokenizer.json", [](Json& t) { t["model"]["vocab"].erase("un"); });
    copy->edit(file, [&](Json& c) { c = json; });
    return copy;
  };
  const Ids want{2, 24, 12, 3};
  CHECK(copy_with("added_tokens.json", {{"[E1]", 24}})->model()->encode("[E1] film").ids == want);
  Json decoder = added(24, "[E1]", {});
  decoder.erase("id");
  CHECK(copy_with("tokenizer_config.json", {{"added_tokens_decoder", {{"24", decoder}}}})->model()->encode("[E1]film").ids == want);
  // An additional special token must be a piece; then it is one wherever it stands.
  const auto special = std::make_unique<ConvertCopy>("bert_ner");
  special->edit("special_tokens_map.json", [](Json& c) { c["additional_special_tokens"] = {"un"}; });
  CHECK(special->model()->encode("unfilm").ids == want);
  copy_with("special_tokens_map.json", {{"additional_special_tokens", {"[E9]"}}})->refused(Errc::invalid, {"[E9]"});
  // Two files, two flags.
  const auto flags = copy_with("tokenizer_config.json", {{"added_tokens_decoder", {{"24", decoder}}}});
  flags->edit("tokenizer.json", [](Json& t) { t["added_tokens"].push_back(added(24, "[E1]", {"lstrip"})); });
  flags->refused(Errc::unsupported, {"[E1]", "tokenizer_config.json"});
  const auto ids = copy_with("added_tokens.json", {{"[E1]", 23}});
  ids->edit("tokenizer.json", [](Json& t) { t["added_tokens"].push_back(added(24, "[E1]", {})); });
  ids->refused(Errc::unsupported, {"[E1]", "added_tokens.json"});
  const auto key = copy_with("added_tokens.json", {{"[E1]", 24}});
  key->edit("tokenizer.json", [](Json& t) {
    Json token = added(24, "[E1]", {});
    token["fuzzy"] = true;
    t["added_tokens"].push_back(token);
  });
  key->refused(Errc::unsupported, {"fuzzy"});
}

TEST_CASE("settings of tokenizer_config.json that contradict tokenizer.json are refused") {
  for (const char* key : {"do_lower_case", "strip_accents"}) {
    const ConvertCopy copy("bert_ner");
    copy.edit("tokenizer_config.json", [&](Json& c) { c[key] = true; });
    copy.refused(Errc::unsupported, {key, "agree"});
  }
  const ConvertCopy space("modernbert_cls");
  space.edit("tokenizer_config.json", [](Json& c) { c["add_prefix_space"] = true; });
  space.refused(Errc::unsupported, {"add_prefix_space"});
  const ConvertCopy unigram("xlmr");
  unigram.edit("tokenizer_config.json", [](Json& c) { c["add_prefix_space"] = false; });
  unigram.refused(Errc::unsupported, {"add_prefix_space"});
}

TEST_CASE("a vocab.txt of a class that cuts words by other rules is refused") {
  for (const char* name : {"BertJapaneseTokenizer", "PhobertTokenizer", "BertweetTokenizer"}) {
    const ConvertCopy copy("bert_cls");
    copy.edit("tokenizer_config.json", [&](Json& c) { c["tokenizer_class"] = name; });
    copy.refused(Errc::unsupported, {name, "vocab.txt"});
  }
  const ConvertCopy config("bert_cls");
  config.edit("config.json", [](Json& c) { c["tokenizer_class"] = "BertJapaneseTokenizer"; });
  config.refused(Errc::unsupported, {"BertJapaneseTokenizer"});
  const ConvertCopy fast("bert_cls");
  fast.edit("tokenizer_config.json", [](Json& c) { c["tokenizer_class"] = "BertTokenizerFast"; });
  CHECK(fast.run());
}

TEST_CASE("a space is put before byte-level text where the files say so") {
  const auto ids = [](bool space, std::string_view text) {
    const ConvertCopy copy("modernbert_cls");
    copy.edit("tokenizer.json", [&](Json& t) { t["pre_tokenizer"]["add_prefix_space"] = space; });
    return copy.model()->encode(text);
  };
  const auto plain = ids(false, " film"), spaced = ids(true, "film");
  CHECK(plain.ids == spaced.ids);
  CHECK(ids(true, " film").ids == spaced.ids);
  CHECK(ids(false, "film").ids != spaced.ids);
  CHECK(spaced.offsets[1].begin == 0);
  CHECK(spaced.offsets[1].end == 4);
  CHECK(ids(true, "").ids.size() == 2);
  const ConvertCopy files("roberta_cls");
  files.edit("tokenizer_config.json", [](Json& c) { c["add_prefix_space"] = true; });
  const ConvertCopy bare("roberta_cls");
  CHECK(files.model()->encode("film").ids == bare.model()->encode(" film").ids);
}

TEST_CASE("what stands around texts is what the post_processor says") {
  const auto with = [](const std::string& model, const Json& post) {
    auto copy = std::make_unique<ConvertCopy>(model);
    copy->edit("tokenizer.json", [&](Json& t) { t["post_processor"] = post; });
    return copy;
  };
  const Json cls{{"SpecialToken", {{"id", "[CLS]"}, {"type_id", 0}}}}, sep{{"SpecialToken", {{"id", "[SEP]"}, {"type_id", 0}}}},
      sep1{{"SpecialToken", {{"id", "[SEP]"}, {"type_id", 1}}}}, a{{"Sequence", {{"id", "A"}, {"type_id", 0}}}},
      b{{"Sequence", {{"id", "B"}, {"type_id", 0}}}}, b1{{"Sequence", {{"id", "B"}, {"type_id", 1}}}};
  const Json known{{"[CLS]", {{"id", "[CLS]"}, {"ids", {2}}, {"tokens", {"[CLS]"}}}},
                   {"[SEP]", {{"id", "[SEP]"}, {"ids", {3}}, {"tokens", {"[SEP]"}}}}};
  const auto form = [&](const Json& single, const Json& pair) {
    return Json{{"type", "TemplateProcessing"}, {"single", single}, {"pair", pair}, {"special_tokens", known}};
  };
  const auto pair_of = [](const ConvertCopy& copy) {
    const auto model = copy.model();
    const auto e = model->encode_pair("good", "film");
    return std::pair(e.ids, e.types);
  };
  using Two = std::pair<Ids, Ids>;
  const Json usual = form({cls, a, sep}, {cls, a, sep, b1, sep1});
  CHECK(pair_of(*with("bert_ner", usual)) == Two({2, 13, 3, 12, 3}, {0, 0, 0, 1, 1}));
  CHECK(pair_of(*with("bert_ner", form({cls, a, sep}, {cls, a, sep, b, sep}))) == Two({2, 13, 3, 12, 3}, {0, 0, 0, 0, 0}));
  CHECK(pair_of(*with("bert_ner", form({cls, a}, {a, sep, sep, b1}))) == Two({13, 3, 3, 12}, {0, 0, 0, 1}));
  CHECK(with("bert_ner", form({cls, a}, {a, b1}))->model()->encode("good").ids == Ids{2, 13});
  CHECK(pair_of(*with("bert_ner", {{"type", "BertProcessing"}, {"cls", {"[CLS]", 2}}, {"sep", {"[SEP]", 3}}})) ==
        Two({2, 13, 3, 12, 3}, {0, 0, 0, 1, 1}));
  CHECK(pair_of(*with("bert_ner", {{"type", "RobertaProcessing"}, {"cls", {"[CLS]", 2}}, {"sep", {"[SEP]", 3}}})) ==
        Two({2, 13, 3, 3, 12, 3}, {0, 0, 0, 0, 0, 0}));
  CHECK(pair_of(*with("bert_ner", nullptr)) == Two({13, 12}, {0, 1}));
  CHECK(pair_of(*with("bert_ner", {{"type", "Sequence"}, {"processors", {{{"type", "ByteLevel"}, {"trim_offsets", true}}, usual}}})) ==
        Two({2, 13, 3, 12, 3}, {0, 0, 0, 1, 1}));
  // The usual one adds no key, so that the file is as llama.cpp would write it.
  const auto plain = with("bert_ner", usual);
  REQUIRE(plain->run());
  CHECK_FALSE(gguf::File::open(plain->dir / "out.gguf")->has("nano.tokenizer.pair"));
  // Types that nobody hands on are 0.
  const auto names = with("bert_ner", usual);
  names->edit("tokenizer_config.json", [](Json& c) { c["model_input_names"] = {"input_ids", "attention_mask"}; });
  CHECK(pair_of(*names) == Two({2, 13, 3, 12, 3}, {0, 0, 0, 0, 0}));
  // A template cut to what fits keeps its special tokens.
  const auto cut = with("bert_ner", form({cls, a, sep, sep}, {cls, a, sep, b1, sep1}))->model();
  const std::string longer(200, '!');
  const auto e = cut->encode(longer);
  CHECK(e.ids.size() == cut->shape().context);
  CHECK(e.ids[e.ids.size() - 1] == 3);
  CHECK(e.ids[e.ids.size() - 2] == 3);
  CHECK(e.truncated);
  with("bert_ner", form({cls, a, a}, {a, b}))->refused(Errc::unsupported, {"single"});
  with("bert_ner", form({cls, a}, {b, a}))->refused(Errc::unsupported, {"pair"});
  with("bert_ner", {{"type", "MyProcessing"}})->refused(Errc::unsupported, {"MyProcessing"});
  with("bert_ner", {{"type", "BertProcessing"}, {"cls", {"[CLS]", 900}}, {"sep", {"[SEP]", 3}}})->refused(Errc::invalid, {"900"});
  Json high = usual;
  high["pair"][3]["Sequence"]["type_id"] = 2;
  with("bert_ner", high)->refused(Errc::invalid, {"type_id 2"});
}

TEST_CASE("spaces of a unigram text stand or fall as its normalizer and pre_tokenizer say") {
  const auto with = [](const Json& normalizer, const Json& pre) {
    auto copy = std::make_unique<ConvertCopy>("xlmr");
    copy->edit("tokenizer.json", [&](Json& t) {
      t["normalizer"] = normalizer;
      t["pre_tokenizer"] = pre;
    });
    return copy;
  };
  const auto ids = [](const ConvertCopy& copy, std::string_view text) {
    auto out = copy.model()->encode(text).ids;
    return Ids(out.begin() + 1, out.end() - 1);
  };
  const Json marks{{"type", "Metaspace"}, {"replacement", "\xE2\x96\x81"}, {"prepend_scheme", "always"}, {"split", true}};
  const Json merge{{"type", "Replace"}, {"pattern", {{"Regex", " {2,}"}}}, {"content", " "}};
  const Json right{{"type", "Strip"}, {"strip_left", false}, {"strip_right", true}};
  const Json both_ends{{"type", "Strip"}, {"strip_left", true}, {"strip_right", true}};
  const auto sequence = [](std::initializer_list<Json> parts) { return Json{{"type", "Sequence"}, {"normalizers", parts}}; };
  const Ids good = ids(*with(merge, marks), "good"), film = ids(*with(merge, marks), "film"), space{124};
  const auto join = [](std::initializer_list<Ids> parts) {
    Ids out;
    for (const Ids& p : parts) out.insert(out.end(), p.begin(), p.end());
    return out;
  };
  CHECK(good == Ids{21});
  CHECK(film == Ids{65});
  CHECK(ids(*with(merge, marks), "good  film ") == join({good, film, space}));
  CHECK(ids(*with(merge, marks), "  good") == good);
  CHECK(ids(*with(nullptr, marks), "good  film") == join({good, space, film}));
  CHECK(ids(*with(nullptr, marks), " ") == space);
  CHECK(ids(*with(nullptr, marks), "").empty());
  CHECK(ids(*with(sequence({right, merge}), marks), "good  film  ") == join({good, film}));
  CHECK(ids(*with(right, marks), " good ") == good);
  CHECK(ids(*with(both_ends, marks), "  good  ") == good);
  const Json words{{"type", "Sequence"}, {"pretokenizers", {{{"type", "WhitespaceSplit"}}, marks}}};
  CHECK(ids(*with(nullptr, words), " good \n film ") == join({good, film}));
  Json first = marks, never = marks;
  first["prepend_scheme"] = "first";
  never["prepend_scheme"] = "never";
  CHECK(ids(*with(nullptr, never), "good film") == join({ids(*with(nullptr, never), "good"), film}));
  CHECK(ids(*with(nullptr, never), " good") == good);
  CHECK(ids(*with(nullptr, never), "good") != good);
  CHECK(ids(*with(nullptr, first), "good film") == join({good, film}));
  // Only the text's beginning has a mark of its own: not what stands behind an added token.
  const auto behind = [&](const Json& pre) {
    auto copy = with(nullptr, pre);
    copy->edit("tokenizer.json", [](Json& t) {
      t["model"]["vocab"].erase(t["model"]["vocab"].begin() + 4);
      t["model"]["vocab"].insert(t["model"]["vocab"].begin() + 4, Json::array({"<x>", 0.0}));
      t["added_tokens"].push_back(added(4, "<x>", {}));
    });
    return copy;
  };
  CHECK(ids(*behind(marks), "good<x>film") == join({good, {4}, film}));
  CHECK(ids(*behind(first), "good<x>film") == join({good, {4}, ids(*with(nullptr, never), "film")}));
  // What is not done is refused by its type or value.
  with({{"type", "NFKC"}}, marks)->refused(Errc::unsupported, {"NFKC"});
  with({{"type", "Replace"}, {"pattern", {{"String", "a"}}}, {"content", "b"}}, marks)->refused(Errc::unsupported, {"Replace"});
  with(sequence({{{"type", "Replace"}, {"pattern", {{"Regex", " {2,}"}}}, {"content", "\xE2\x96\x81"}}, right}), marks)
      ->refused(Errc::unsupported, {"Strip"});
  Json other = marks;
  other["replacement"] = "_";
  with(nullptr, other)->refused(Errc::unsupported, {"replacement"});
  with(nullptr, {{"type", "Whitespace"}})->refused(Errc::unsupported, {"Whitespace"});
  with(nullptr, nullptr)->refused(Errc::unsupported, {"Metaspace"});
}

TEST_CASE("what is null or drops text in a vocabulary is refused") {
  const ConvertCopy unigram("xlmr");
  unigram.edit("tokenizer.json", [](Json& t) { t["model"]["unk_id"] = nullptr; });
  unigram.refused(Errc::invalid, {"unk_id"});
  const auto bytes = [](const Json& unknown, bool fuse) {
    auto copy = std::make_unique<ConvertCopy>("modernbert_cls");
    copy->edit("tokenizer.json", [&](Json& t) {
      t["model"]["vocab"].erase("z");
      t["model"]["unk_token"] = unknown;
      t["model"]["fuse_unk"] = fuse;
    });
    return copy;
  };
  bytes(nullptr, false)->refused(Errc::unsupported, {"byte 122", "unk_token"});
  bytes("[UNK]", true)->refused(Errc::unsupported, {"fuse_unk"});
  CHECK(bytes("[UNK]", false)->run());
}

TEST_CASE("RoBERTa's padding id of config.json must be the tokenizer's, for positions are counted from it") {
  const ConvertCopy copy("xlmr");
  copy.edit("config.json", [](Json& c) { c["pad_token_id"] = 0; });
  const auto r = copy.run();
  REQUIRE_FALSE(r);
  INFO(r.error().message);
  CHECK(r.error().code == Errc::unsupported);
  CHECK(r.error().message.find("pad_token_id") != std::string::npos);
}

TEST_CASE("tables of positions and types that transformers kept are left out, and refused where they say something else") {
  const std::string positions = "bert.embeddings.position_ids", types = "bert.embeddings.token_type_ids";
  const ConvertCopy plain("bert_cls");  // has positions 0 to 23
  CHECK(plain.run()->left_out == std::vector<std::string>{positions});
  std::size_t begin = 0, end = 0;
  const auto place = [&](Json& h) {
    begin = h[positions]["data_offsets"][0].get<std::size_t>();
    end = h[positions]["data_offsets"][1].get<std::size_t>();
  };
  const auto rename = [&](Json& h) {
    place(h);
    h[types] = h[positions];
    h.erase(positions);
  };
  const ConvertCopy counted("bert_cls");
  counted.edit_weights(rename);
  counted.refused(Errc::unsupported, {types, "as element 1"});
  const ConvertCopy zeros("bert_cls");
  zeros.edit_weights(rename, [&](std::string& data) { std::fill(data.begin() + static_cast<std::ptrdiff_t>(begin), data.begin() + static_cast<std::ptrdiff_t>(end), '\0'); });
  CHECK(zeros.run()->left_out == std::vector<std::string>{types});
  const ConvertCopy shuffled("bert_cls");
  shuffled.edit_weights(place, [&](std::string& data) { data[begin + 8] = 5; });
  shuffled.refused(Errc::unsupported, {positions, "has 5 as element 1"});
}
