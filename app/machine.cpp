// app/machine.cpp: CPU, memory and disk as the resolver wants them.
#include "app/machine.h"

#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include <sys/sysinfo.h>

#include "base/fs.h"
#include "base/text.h"

namespace nano::app {
namespace {

/// The flags of the first CPU in /proc/cpuinfo.
std::set<std::string> cpu_flags() {
  std::ifstream in("/proc/cpuinfo");
  std::string line;
  std::set<std::string> out;
  while (out.empty() && std::getline(in, line)) {
    if (!line.starts_with("flags") && !line.starts_with("Features")) continue;
    const auto at = line.find(':');
    if (at == std::string::npos) continue;
    std::istringstream words(line.substr(at + 1));
    for (std::string w; words >> w;) out.insert(w);
  }
  return out;
}

}  // namespace

std::string cpu_name() {
  std::ifstream in("/proc/cpuinfo");
  std::string line;
  while (std::getline(in, line))
    if (line.starts_with("model name") || line.starts_with("Model")) {
      const auto at = line.find(':');
      if (at != std::string::npos) return sanitize(trim(std::string_view(line).substr(at + 1)));
    }
  return "unknown";
}

resolver::Machine machine_facts(const Context& ctx) {
  resolver::Machine m;
  const auto flags = cpu_flags();
  // Where the system says nothing of its CPU, nothing is refused on its account.
  m.known = !flags.empty();
  const auto has = [&](const char* f) { return flags.contains(f); };
  if (has("avx2") && has("fma")) m.isa.emplace_back("avx2");
  const bool avx512 = has("avx512f") && has("avx512bw") && has("avx512vl") && has("avx512dq");
  if (avx512) m.isa.emplace_back("avx512");
  if (avx512 && has("avx512_vnni")) m.isa.emplace_back("avx512-vnni");
  if (has("amx_int8")) m.isa.emplace_back("amx-int8");
  if (has("asimd")) m.isa.emplace_back("neon");
  if (has("asimddp")) m.isa.emplace_back("neon-dotprod");
  if (has("sve")) m.isa.emplace_back("sve");
  m.cores = std::thread::hardware_concurrency();
  struct sysinfo si {};
  if (sysinfo(&si) == 0) m.memory_bytes = uint64_t{si.totalram} * si.mem_unit;
  if (m.memory_bytes == 0) m.known = false;
  // The store may not be there yet: then the nearest folder above it that is.
  for (fs::Path p = ctx.places.store; !p.empty(); p = p.parent_path()) {
    if (const auto free = fs::free_bytes(p)) {
      m.disk_bytes = *free;
      break;
    }
    if (p == p.parent_path()) break;
  }
  return m;
}

}  // namespace nano::app
