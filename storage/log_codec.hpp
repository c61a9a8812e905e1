// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "raft/types.hpp"

/// The bytes of the log's entries (docs/on_disk.md). Pure.
namespace storage::log_codec {

/// Of an entry record around its payload.
inline constexpr std::size_t entry_overhead_bytes = 84;

/// Index, then term, eight bytes each.
void put_id(base::bytes& out, const raft::entry_id& id);
raft::entry_id take_id(base::byte_reader& in);

/// Eight bytes, so that the order of keys is the order of the log.
base::bytes encode_key(raft::log_index index);
base::result<raft::log_index> decode_key(base::byte_view key);

base::bytes encode_entry(const raft::entry& what, const base::uuid& log_uuid);
/// Errors: as `unseal_record`; also `corrupt` when the record does not say it is `expected`: it stands in
/// the wrong place (INV-33). The payload is copied before it is looked at.
base::result<raft::entry> decode_entry(base::byte_view record, raft::log_index expected,
                                       const base::uuid& log_uuid);

/// What a record says of itself, unchecked but for its length: for walking over entries
/// that were verified before.
struct entry_head {
  raft::entry_id id;
  raft::entry_kind kind;
};
base::result<entry_head> peek_entry(base::byte_view record);

} // namespace storage::log_codec
