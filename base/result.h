// base/result.h: a value or an Error. Member names follow std::expected (C++23) so that the day
// the toolchain has it, this file becomes one alias.
#pragma once

#include <functional>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/assert.h"
#include "base/error.h"

namespace nano {

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  using error_type = Error;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit on purpose
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit on purpose

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  [[nodiscard]] T& value() & {
    NANO_ASSERT(has_value());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] const T& value() const& {
    NANO_ASSERT(has_value());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] T&& value() && {
    NANO_ASSERT(has_value());
    return std::move(*std::get_if<0>(&state_));
  }
  [[nodiscard]] Error& error() & {
    NANO_ASSERT(!has_value());
    return *std::get_if<1>(&state_);
  }
  [[nodiscard]] const Error& error() const& {
    NANO_ASSERT(!has_value());
    return *std::get_if<1>(&state_);
  }
  [[nodiscard]] Error&& error() && {
    NANO_ASSERT(!has_value());
    return std::move(*std::get_if<1>(&state_));
  }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  template <class F>
  auto and_then(F&& f) && -> std::invoke_result_t<F, T&&> {
    if (has_value()) return std::forward<F>(f)(std::move(*this).value());
    return std::move(*this).error();
  }
  template <class F>
  auto transform(F&& f) && -> Result<std::decay_t<std::invoke_result_t<F, T&&>>> {
    if (has_value()) return std::forward<F>(f)(std::move(*this).value());
    return std::move(*this).error();
  }

 private:
  std::variant<T, Error> state_;
};

struct Unit {};               ///< the value of a function that only succeeds or fails
using Status = Result<Unit>;  ///< for functions that only succeed or fail

}  // namespace nano

#define NANO_CAT_(a, b) a##b
#define NANO_CAT(a, b) NANO_CAT_(a, b)
/// Return the error of `expr` from the enclosing function, or go on.
#define NANO_TRY(expr)                                                      \
  do {                                                                      \
    if (auto nano_r_ = (expr); !nano_r_) return std::move(nano_r_).error(); \
  } while (false)
/// `NANO_TRY_ASSIGN(auto doc, parse(bytes));` declares doc, or returns the error.
#define NANO_TRY_ASSIGN(decl, expr) NANO_TRY_ASSIGN_(NANO_CAT(nano_r_, __LINE__), decl, expr)
#define NANO_TRY_ASSIGN_(tmp, decl, expr)  \
  auto tmp = (expr);                       \
  if (!tmp) return std::move(tmp).error(); \
  decl = std::move(tmp).value()
