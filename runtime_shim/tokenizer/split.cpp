// runtime_shim/tokenizer/split.cpp: see the header.
#include "runtime_shim/tokenizer/split.h"

#include "base/text.h"
#include "runtime_shim/tokenizer/unicode.h"

namespace nano::tokenizer {
namespace {

enum class Class { space, letter, number, other };

Class class_at(std::string_view text, std::size_t& at) {
  const uint32_t c = decode_utf8(text, at);
  if (is_white_space(c)) return Class::space;
  const Category cat = category(c);
  if (is_letter(cat)) return Class::letter;
  return is_number(cat) ? Class::number : Class::other;
}

std::size_t contraction(std::string_view rest) {
  for (const std::string_view end : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"})
    if (rest.substr(0, end.size()) == end) return end.size();
  return 0;
}

// The end of the run of one class that begins at `at`.
std::size_t run_end(std::string_view text, std::size_t at, Class wanted) {
  while (at < text.size()) {
    std::size_t next = at;
    if (class_at(text, next) != wanted) break;
    at = next;
  }
  return at;
}

}  // namespace

std::size_t gpt2_word_end(std::string_view text, std::size_t at) {
  if (const std::size_t n = contraction(text.substr(at)); n != 0) return at + n;
  std::size_t next = at;
  const Class first = class_at(text, next);
  if (first != Class::space) return run_end(text, next, first);
  if (text[at] == ' ' && next < text.size()) {  // " ?": one space goes with what follows
    std::size_t after = next;
    const Class second = class_at(text, after);
    if (second != Class::space) return run_end(text, after, second);
  }
  // \s+(?!\S) leaves the last of several white spaces to the word after them.
  std::size_t last = at, end = at;
  while (end < text.size()) {
    std::size_t step = end;
    if (class_at(text, step) != Class::space) break;
    last = end;
    end = step;
  }
  return end < text.size() && last > at ? last : end;
}

}  // namespace nano::tokenizer
