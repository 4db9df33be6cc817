// base/flat_json.h: strict JSON as one flat list of nodes, for large documents that are read once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace nano {

/// A document as parse_json accepts it, without a tree: no node is allocated by itself, and text stays where it is in the
/// input. Members are sorted by key, as in Json. Values refer to the document and to the bytes it was parsed from: both
/// must outlive them. Moved, never copied; safe to share by threads.
class FlatJson {
  enum class Type : uint8_t { null, boolean, negative, whole, text, array, object, other };
  /// An array's elements follow it, an object's keys and values in turn.
  struct Node {
    union {
      const char* text = nullptr;
      uint64_t number;    ///< of negative: two's complement; of boolean: 0 or 1
      const Json* other;  ///< what only a Json made in memory can hold
    };
    uint32_t size = 0;  ///< bytes of text, members, elements
    uint32_t span = 1;  ///< nodes from here to what comes after it
    Type type = Type::null;
    bool plain = false;  ///< text: stands in the document as it is, without escapes
  };

 public:
  /// One value of a document.
  class Value {
   public:
    [[nodiscard]] bool is_null() const { return node_->type == Type::null; }
    [[nodiscard]] bool is_boolean() const { return node_->type == Type::boolean; }
    [[nodiscard]] bool is_text() const { return node_->type == Type::text; }
    [[nodiscard]] bool is_array() const { return node_->type == Type::array; }
    [[nodiscard]] bool is_object() const { return node_->type == Type::object; }
    [[nodiscard]] bool boolean() const { return node_->number != 0; }             ///< of a boolean
    [[nodiscard]] std::string_view text() const { return {node_->text, node_->size}; }  ///< of a text
    /// A number from 0 on; nullopt: anything else.
    [[nodiscard]] std::optional<uint64_t> whole() const;
    /// How many elements or members; 0 for what has none.
    [[nodiscard]] std::size_t size() const { return is_array() || is_object() ? node_->size : 0; }
    /// An object's member; nullopt: there is none, or this is no object.
    [[nodiscard]] std::optional<Value> find(std::string_view key) const;
    /// Are these the same place of the same document?
    friend bool operator==(const Value& a, const Value& b) { return a.node_ == b.node_; }

    /// The value as a tree of its own.
    [[nodiscard]] Json to_json() const;
    /// dump_line(to_json()), appended, without making the tree.
    void dump(std::string& out) const;
    /// OLPC canonical JSON (verify/canonical.h), appended.
    ///   errors  invalid: a number that is not a 64-bit integer, or text that is not UTF-8, which only a Json made in memory
    ///           can hold
    [[nodiscard]] Status canonical(std::string& out) const;

    /// Calls each(key, value) for an object's members in the order of their keys, until one returns false. Was it all?
    template <class F>
    bool members(F&& each) const {
      const Node* at = node_ + 1;
      for (uint32_t i = 0; is_object() && i < node_->size; ++i) {
        const Node* value = at + 1;
        if (!each(std::string_view(at->text, at->size), Value(value))) return false;
        at = value + value->span;
      }
      return true;
    }
    /// Likewise for an array's elements.
    template <class F>
    bool elements(F&& each) const {
      const Node* at = node_ + 1;
      for (uint32_t i = 0; is_array() && i < node_->size; ++i, at += at->span)
        if (!each(Value(at))) return false;
      return true;
    }

   private:
    friend class FlatJson;
    explicit Value(const Node* node) : node_(node) {}
    template <class Text, class Other>
    bool write(std::string& out, const Text& text, const Other& other) const;
    const Node* node_;
  };

  /// Floats are always refused; `limits.allow_floats` means nothing here.
  ///   errors  exactly those of parse_json
  [[nodiscard]] static Result<FlatJson> parse(std::string_view bytes, JsonLimits limits = {});
  /// A tree made in memory, which must outlive the result.
  [[nodiscard]] static FlatJson of(const Json& doc);

  [[nodiscard]] Value root() const { return Value(nodes_.data()); }

  FlatJson(FlatJson&&) = default;
  FlatJson& operator=(FlatJson&&) = default;
  FlatJson(const FlatJson&) = delete;  // its nodes point into the original
  FlatJson& operator=(const FlatJson&) = delete;

 private:
  friend class FlatJsonParser;
  FlatJson() = default;
  void add(const Json& doc);
  std::vector<Node> nodes_{};
  std::vector<char> unescaped_{};  ///< reserved once: nodes point into it
};

}  // namespace nano
