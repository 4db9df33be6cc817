// tests/runtime_shim/convert_copy.h: a copy of one of tests/data/hf's models that can be changed, and what converting it says.
#pragma once

#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "base/json.h"
#include "runtime_shim/convert/convert.h"
#include "runtime_shim/session.h"
#include "tests/support/support.h"

namespace nano::test {

struct ConvertCopy {
  TempDir dir{};

  explicit ConvertCopy(const std::string& model) {
    std::filesystem::copy(test::data("hf/" + model), dir / "m", std::filesystem::copy_options::recursive);
  }
  [[nodiscard]] std::filesystem::path file(const std::string& name) const { return dir / ("m/" + name); }
  /// The file need not be there: it is then made, from {}.
  void edit(const std::string& name, const std::function<void(Json&)>& change) const {
    const std::string text = read(file(name));
    auto doc = parse_json(text.empty() ? "{}" : text, {.max_bytes = 8u << 20, .allow_floats = true});
    REQUIRE(doc);
    change(*doc);
    write(file(name), dump_pretty(*doc));
  }
  /// Change the JSON header of the weights; then perhaps the data behind it.
  void edit_weights(const std::function<void(Json&)>& header, const std::function<void(std::string&)>& bytes = {}) const {
    const std::string whole = read(file("model.safetensors"));
    uint64_t length = 0;
    std::memcpy(&length, whole.data(), 8);
    auto doc = parse_json(whole.substr(8, static_cast<std::size_t>(length)));
    REQUIRE(doc);
    header(*doc);
    std::string rest = whole.substr(8 + static_cast<std::size_t>(length));
    if (bytes) bytes(rest);
    const std::string text = dump_line(*doc);
    length = text.size();
    write(file("model.safetensors"), std::string(reinterpret_cast<const char*>(&length), 8) + text + rest);
  }
  [[nodiscard]] Result<convert::ConvertReport> run() const { return convert::convert(dir / "m", dir / "out.gguf"); }
  /// Refused with `code`, the message or hint holding each of `parts`.
  void refused(Errc code, std::initializer_list<std::string_view> parts) const {
    const auto r = run();
    REQUIRE_FALSE(r);
    INFO(r.error().message << " / " << r.error().hint);
    CHECK(r.error().code == code);
    for (const std::string_view part : parts) CHECK((r.error().message + r.error().hint).find(part) != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(dir / "out.gguf"));
  }
  [[nodiscard]] std::unique_ptr<Model> model() const {
    const auto r = run();
    INFO((r ? "" : r.error().render()));
    REQUIRE(r);
    auto opened = Model::open((dir / "out.gguf").string(), {.derived = false});
    INFO((opened ? "" : opened.error().render()));
    REQUIRE(opened);
    return std::move(*opened);
  }
};

}  // namespace nano::test
