// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include "actors/answer.hpp"
#include "base/bytes.hpp"
#include "raft/types.hpp"

/// What operators ask of the stores of a running node, through the gateway: gateway → inspector, or
/// snapshot sender. Each carries its own answer.
namespace actors {

/// A snapshot file was made, of the state as it was then.
struct snapshot_made {
  raft::entry_id at;
  std::uint64_t rows = 0;
  std::uint64_t size_bytes = 0;
  std::string path;
};
struct snapshot_now {
  reply_to<snapshot_made> reply;
};

/// A file that was made for one client: what it holds stays as it is, whatever becomes of its name, and ends with
/// the last who holds it (actors/held_file.hpp).
class held_file;
/// A piece of it, at most `file_piece_bytes_max` long; empty at the end.
struct read_held_file {
  std::shared_ptr<const held_file> file;
  std::uint64_t offset;
  reply_to<base::bytes> reply;
};
inline constexpr std::size_t file_piece_bytes_max = std::size_t{256} * 1024;

/// A snapshot file of the state as it was after the request came, for one client alone.
struct backup_made {
  std::shared_ptr<const held_file> file;
  std::uint64_t size_bytes = 0;
  std::uint64_t rows = 0;
  raft::entry_id at;
  std::string digest; ///< of the state, in hexadecimal digits
};
/// One backup exists at a time: another request meanwhile is refused as a `conflict`.
struct backup_now {
  reply_to<backup_made> reply;
};

/// A copy of the log.
struct copied_log {
  std::shared_ptr<const held_file> file;
  std::uint64_t size_bytes = 0;
  raft::log_index commit_index;
  raft::entry_id last;
};
/// One copy exists at a time: another request meanwhile is refused as a `conflict`.
struct copy_log_now {
  reply_to<copied_log> reply;
};
/// A live check of both stores, as the gate's report in JSON (`storage::to_json`).
struct validated {
  std::string report;
};
struct validate_now {
  reply_to<validated> reply;
};

using inspection =
    std::variant<snapshot_now, backup_now, copy_log_now, read_held_file, validate_now>;

} // namespace actors
