// cli/nano_registry/shared.h: what the commands of `nano-registry` share: their keys' options, paths, and small parsers.
#pragma once

#include <string>
#include <vector>

#include "cli/invocation.h"
#include "server/admin.h"

namespace nano::cli {

/// --keys, --passphrase-file and --offline-passphrase-file, NANO_KEY_PASSPHRASE and NANO_OFFLINE_KEY_PASSPHRASE, or a question on a
/// terminal.
[[nodiscard]] Result<server::KeyOptions> key_options(Invocation& in);
[[nodiscard]] Option keys_option();
[[nodiscard]] Option passphrase_option();
[[nodiscard]] Option offline_passphrase_option();
[[nodiscard]] Option clock_option();
/// After a change: say what runs out soon. Never an error: the change is made.
void warn_of_what_runs_out(Invocation& in, const server::KeyOptions& keys);
[[nodiscard]] Option draft_option();  ///< --output: where a document goes that others have to sign
/// "needs 2 more signatures"
[[nodiscard]] std::string missing_signatures(uint32_t missing);
[[nodiscard]] Positional dir_positional();
[[nodiscard]] std::vector<fs::Path> paths(const std::vector<std::string>& words);
[[nodiscard]] fs::Path full_path(const fs::Path& path);
/// One word for a shell.
[[nodiscard]] std::string shell_word(const std::string& text);
/// "90d", "10y", "90": days. errors  usage
[[nodiscard]] Result<uint64_t> parse_days(const std::string& text);
/// The first 16 characters of each, joined.
[[nodiscard]] std::string short_ids(const std::vector<std::string>& ids);

void add_tree_commands(std::vector<Command>& table);
void add_people_commands(std::vector<Command>& table);
void add_key_commands(std::vector<Command>& table);
void add_upkeep_commands(std::vector<Command>& table);

inline constexpr std::string_view kTreeGroup = "Registry";
inline constexpr std::string_view kPeopleGroup = "Namespaces and advisories";
inline constexpr std::string_view kKeysGroup = "Keys and signatures";

}  // namespace nano::cli
