// bench/options.cpp: CLI11, compiled once for all bench programs.
#include "bench/options.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace nano::bench {
namespace {

CLI::Validator above_zero() {
  return CLI::Range(1u, 1'000'000'000u).description("");
}

}  // namespace

struct Options::Impl {
  CLI::App app{};
};

Options::Options(const std::string& about) : impl_(std::make_unique<Impl>()) {
  impl_->app.description(about);
  impl_->app.get_formatter()->column_width(32);
}
Options::~Options() = default;

Options& Options::flag(const std::string& name, bool& to, const std::string& help) {
  impl_->app.add_flag(name, to, help);
  return *this;
}

Options& Options::number(const std::string& name, unsigned& to, const std::string& help) {
  impl_->app.add_option(name, to, help)->check(above_zero())->type_name("N")->capture_default_str();
  return *this;
}

Options& Options::numbers(const std::string& name, std::vector<unsigned>& to, const std::string& help) {
  auto* const option = impl_->app.add_option(name, to, help)->delimiter(',')->check(above_zero())->type_name("N,N");
  option->allow_extra_args(option->get_positional())->capture_default_str();  // else `--tokens 16 MODEL` takes both words
  return *this;
}

Options& Options::words(const std::string& name, std::vector<std::string>& to, const std::string& help) {
  impl_->app.add_option(name, to, help)->delimiter(',')->type_name("A,B")->allow_extra_args(false)->capture_default_str();
  return *this;
}

Options& Options::text(const std::string& name, std::string& to, const std::string& help) {
  impl_->app.add_option(name, to, help)->capture_default_str();
  return *this;
}

std::optional<int> Options::parse(int argc, char** argv) {
  try {
    impl_->app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return impl_->app.exit(e) == 0 ? 0 : 2;
  }
  return std::nullopt;
}

}  // namespace nano::bench
