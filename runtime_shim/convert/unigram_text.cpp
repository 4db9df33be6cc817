// runtime_shim/convert/unigram_text.cpp: see the header. source: huggingface/tokenizers src/normalizers/, src/pre_tokenizers/
#include "runtime_shim/convert/unigram_text.h"

#include "base/base64.h"
#include "runtime_shim/convert/folder.h"
#include "runtime_shim/convert/json_keys.h"
#include "runtime_shim/convert/known_keys.h"
#include "runtime_shim/gguf/reader.h"

namespace nano::convert {
namespace {

constexpr std::string_view kMark = "\xE2\x96\x81";

class UnigramTextReader {
 public:
  UnigramTextReader(const Folder& folder, VocabularyFiles& out) : folder_(folder), out_(out) {}

  [[nodiscard]] Status read(const Json& doc) {
    out_.strip = "none";
    out_.prefix = "always";
    NANO_TRY(each(member(doc, "normalizer"), "normalizers", [&](const Json& part) { return normalizer(part); }));
    NANO_TRY(each(member(doc, "pre_tokenizer"), "pretokenizers", [&](const Json& part) { return pre_tokenizer(part); }));
    if (out_.words.empty())
      return folder_.unsupported("tokenizer.json: the pre_tokenizer is no Metaspace", "this build does Metaspace with Unigram");
    if (split_ && replaced_by_marks_ && out_.strip != "right" && out_.strip != "both")  // a mark at the end would stay
      return out_of_order("Replace");
    return Unit{};
  }

 private:
  template <class One>
  [[nodiscard]] Status each(const Json* in, const char* list, One&& one) {
    if (in == nullptr) return Unit{};
    if (text_of(*in, "type") != "Sequence") return one(*in);
    const Json* parts = member(*in, list);
    if (parts == nullptr || !parts->is_array())
      return folder_.invalid("tokenizer.json: a Sequence has no list of " + std::string(list));
    for (const Json& part : *parts) NANO_TRY(one(part));
    return Unit{};
  }

  [[nodiscard]] Error not_done(const std::string& what, const std::string& type, const std::string& done) const {
    return folder_.unsupported("tokenizer.json: the " + what + " is of type '" + gguf::shown(type) + "'", "this build does " + done);
  }
  [[nodiscard]] Error out_of_order(const std::string& type) const {
    return folder_.unsupported("tokenizer.json: the normalizer '" + type + "' stands after another that this build does first",
                               "this build does Precompiled, then Strip, then Replace of several spaces");
  }

  [[nodiscard]] Status normalizer(const Json& part) {
    const std::string type = text_of(part, "type");
    if (type == "Precompiled") {
      if (stripped_ || out_.merge_spaces) return out_of_order(type);
      auto bytes = from_base64(text_of(part, "precompiled_charsmap"));
      if (!bytes || !out_.charsmap.empty())
        return folder_.invalid("tokenizer.json: precompiled_charsmap is not base64, or stands twice");
      out_.charsmap = std::move(*bytes);
      return Unit{};
    }
    if (type == "Strip") {
      const bool left = flag(part, "strip_left", true), right = flag(part, "strip_right", true);
      if (stripped_ || replaced_by_marks_) return out_of_order(type);
      stripped_ = true;
      out_.strip = left && right ? "both" : left ? "left" : right ? "right" : "none";
      return Unit{};
    }
    const Json* pattern = member(part, "pattern");
    const std::string with = text_of(part, "content");
    if (type == "Replace" && pattern != nullptr && text_of(*pattern, "Regex") == " {2,}" && (with == " " || with == kMark)) {
      out_.merge_spaces = true;
      replaced_by_marks_ = with == kMark;
      return Unit{};
    }
    if (type == "Replace" && pattern != nullptr)
      return folder_.unsupported("tokenizer.json: the normalizer Replace puts '" + gguf::shown(with) + "' for " + shown_value(*pattern),
                                 "this build does Replace of ' {2,}' by one space");
    return not_done("normalizer", type, "Precompiled, Strip, and Replace of several spaces, with Unigram");
  }

  [[nodiscard]] Status pre_tokenizer(const Json& part) {
    const std::string type = text_of(part, "type");
    if (type == "WhitespaceSplit" && out_.words.empty() && !split_) {
      split_ = true;
      return Unit{};
    }
    if (type != "Metaspace" || !out_.words.empty())
      return not_done("pre_tokenizer", type, "Metaspace, alone or after WhitespaceSplit, with Unigram");
    NANO_TRY(check_keys(folder_, "tokenizer.json", "Metaspace", part));
    const std::string scheme = text_of(part, "prepend_scheme");
    if (!scheme.empty() && scheme != "always" && scheme != "first" && scheme != "never")
      return folder_.unsupported("tokenizer.json: prepend_scheme is '" + gguf::shown(scheme) + "'");
    out_.prefix = !scheme.empty() ? scheme : flag(part, "add_prefix_space", true) ? "always" : "never";
    out_.words = split_ ? "spaces" : flag(part, "split", true) ? "marks" : "whole";
    if (split_ && !flag(part, "split", true))  // between white space a mark may stand only in the text
      return folder_.unsupported("tokenizer.json: Metaspace has split false after WhitespaceSplit");
    return Unit{};
  }

  const Folder& folder_;
  VocabularyFiles& out_;
  bool stripped_ = false, replaced_by_marks_ = false, split_ = false;
};

}  // namespace

Status read_unigram_text(const Folder& folder, const Json& tokenizer, VocabularyFiles& out) {
  return UnigramTextReader(folder, out).read(tokenizer);
}

}  // namespace nano::convert
