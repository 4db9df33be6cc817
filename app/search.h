// app/search.h: search in the signed index of each configured registry; works offline from the cached copy.
#pragma once

#include <string>
#include <vector>

#include "app/context.h"

namespace nano::app {

struct SearchOptions {
  std::string
      query{};  ///< words; all must occur in name, title, description, keywords, task; empty = everything
  std::string task{};  ///< as for resolver::task_of: "sentiment", "ner", "text-classification"
  std::string language{};
  std::string license{};
  std::size_t limit = 20;
};
struct SearchHit {
  std::string name{};
  std::string version{};  ///< newest that is not yanked
  std::string title{};
  std::string task{};
  std::vector<std::string> languages{};
  std::string license{};
  uint64_t parameters = 0;
  uint64_t bytes = 0;       ///< of the default variant
  uint64_t base_bytes = 0;  ///< of the base that a head or an adapter runs on, where the same registry lists it
  std::string headline{};  ///< "accuracy 0.8612 on sst2" or empty
  std::string registry{};
  bool installed = false;
};
struct SearchReport {
  std::vector<SearchHit> hits{};  ///< best first
  std::size_t total = 0;
  std::string meant{};  ///< the words that were looked for instead, when nothing holds all of `query`; "" = those of the query
};
/// When no package holds every word, a word that occurs nowhere is taken for a slip of the nearest one that does, or left out; and
/// when that finds nothing either, one of the words is enough.
///   errors  usage: no such task; the first registry's, when none can be read
[[nodiscard]] Result<SearchReport> search(Context& ctx, const SearchOptions& options);

}  // namespace nano::app
