// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "storage/log_store.hpp"

/// The bytes of the log's marks: what the store knows besides the entries, each fact a
/// sealed record under its name (docs/on_disk.md). Pure.
namespace storage::log_codec {

/// Of the store as a whole; in the mark `format`.
inline constexpr std::uint64_t store_format = 1;

/// Names of the marks: their keys in the table `marks`.
namespace mark {
inline constexpr std::string_view format = "format";     ///< sealed without uuid
inline constexpr std::string_view identity = "identity"; ///< sealed without uuid
inline constexpr std::string_view hard_state = "hard_state";
inline constexpr std::string_view snapshot_point = "snapshot_point";
inline constexpr std::string_view checkpoints = "checkpoints";
inline constexpr std::string_view pending_install = "pending_install"; ///< absent: none
inline constexpr std::string_view write_counter = "write_counter";

inline constexpr std::array all{format,      identity,        hard_state,   snapshot_point,
                                checkpoints, pending_install, write_counter};
} // namespace mark

/// The durable checkpoint marks: `completed <= started` (INV-41).
struct checkpoint_marks {
  raft::log_index started;
  raft::log_index completed;
};

/// `body` as the record of the mark `name`.
base::bytes seal(std::string_view name, base::byte_view body, const base::uuid& log_uuid);
/// The body within a mark's record. The seal covers the name: a record that stands
/// under another name is `corrupt`.
base::result<base::byte_view> unseal(std::string_view name, base::byte_view record,
                                     const base::uuid& log_uuid);

/// The bodies. Decoding: `corrupt` unless the body is exactly one encoded value.
base::bytes encode(std::uint64_t number);
base::result<std::uint64_t> decode_number(base::byte_view body);
base::bytes encode(const storage::identity& who);
base::result<storage::identity> decode_identity(base::byte_view body);
base::bytes encode(const raft::hard_state& state);
base::result<raft::hard_state> decode_hard_state(base::byte_view body);
base::bytes encode(const raft::snapshot_point& point);
base::result<raft::snapshot_point> decode_snapshot_point(base::byte_view body);
base::bytes encode(const checkpoint_marks& marks);
base::result<checkpoint_marks> decode_checkpoints(base::byte_view body);
base::bytes encode(const storage::pending_install& pending);
base::result<storage::pending_install> decode_pending_install(base::byte_view body);

} // namespace storage::log_codec
