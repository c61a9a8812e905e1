// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "storage/cross_check.hpp"
#include "storage/snapshot_source.hpp"
#include "storage/state_inspection.hpp"
#include "tools/aspen-backup/exit_status.hpp"

namespace aspen_backup {

/// What is said of a backup beside it, in `FILE.manifest.json` (docs/backup.md). All that can be found out from
/// the file itself is compared with it.
struct manifest {
  std::int64_t created_at = 0; ///< Unix time, seconds
  std::string source;          ///< where it came from, for people
  std::string program;         ///< version and commit of the program that made it, for people
  storage::backend backend = storage::backend::sqlite;
  std::uint64_t digest_version = 0;
  base::uuid cluster_id;
  std::uint64_t server_id = 0;
  raft::entry_id at; ///< the last entry that the state holds
  std::string chain;
  nlohmann::ordered_json membership;
  std::string state_digest;
  std::uint64_t rows = 0;
  std::uint64_t size_bytes = 0;
  std::string sha256;
};

inline constexpr std::uint64_t manifest_version = 1;

std::string manifest_path(const std::string& file);

/// What a verified file is, as a manifest says it.
manifest describe(storage::backend kind, const storage::state_facts& facts,
                  const storage::snapshot_report& report, std::string sha256);

/// In what `found` is not as `told`, one line each with both values. Time, source and program are told alone.
std::vector<std::string> differences(const manifest& told, const manifest& found);

nlohmann::ordered_json to_json(const manifest& what);
/// Errors: `damaged`, naming the member, for what no program of ours has written; `failed` for a later version.
outcome<manifest> manifest_from_json(const std::string& text);

/// Errors: `failed` when there is none; as above.
outcome<manifest> read_manifest(const std::string& file);

/// `2026-11-24T03:00:00Z`, and back; nothing for any other form.
std::string time_text(std::int64_t unix_seconds);
std::optional<std::int64_t> time_from_text(std::string_view text);

} // namespace aspen_backup
