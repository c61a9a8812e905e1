// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

/// Every bound of the node, with its unit in its name. A bound that an operator
/// may change has its default here and its key in the configuration.
namespace base::limits {

inline constexpr std::size_t kibibyte = 1024;
inline constexpr std::size_t mebibyte = 1024 * kibibyte;

// What a client may send.
inline constexpr std::size_t key_bytes_max = 1 * kibibyte;
inline constexpr std::size_t value_bytes_max = 1 * mebibyte;
inline constexpr std::size_t batch_operations_max = 1000;
inline constexpr std::size_t http_body_bytes_max = 4 * mebibyte;
inline constexpr std::size_t http_head_bytes_max = 16 * kibibyte;
inline constexpr std::size_t http_headers_max = 100;
inline constexpr std::size_t scan_items_max = 1000;
inline constexpr std::size_t scan_bytes_max = 4 * mebibyte;

// What may be under way.
inline constexpr std::size_t proposals_in_flight_max = 16384;
inline constexpr std::size_t proposal_bytes_in_flight_max = 64 * mebibyte;
inline constexpr std::size_t reads_waiting_max = 16384;
inline constexpr std::size_t persist_entries_max = 4096;
inline constexpr std::size_t persist_bytes_max = 8 * mebibyte;
inline constexpr std::size_t apply_entries_max = 4096;
inline constexpr std::size_t apply_bytes_max = 8 * mebibyte;
inline constexpr std::size_t log_read_bytes_max = 8 * mebibyte;
inline constexpr std::size_t peer_inbound_bytes_max = 64 * mebibyte;

// How long an apply that nobody waits for may be put off (two stores, one truth: rule 6).
inline constexpr std::uint64_t apply_delay_ms = 5;

// What the log keeps below the checkpointed index.
inline constexpr std::uint64_t log_entries_kept_min = 10000;
inline constexpr std::uint64_t log_bytes_kept_max = 64 * mebibyte;
inline constexpr std::size_t compact_entries_per_transaction_max = 4096;

// Checkpoints.
inline constexpr std::size_t wal_passive_checkpoint_bytes = 16 * mebibyte;
inline constexpr std::size_t wal_idle_checkpoint_bytes = 4 * mebibyte;
inline constexpr std::size_t wal_growth_told_bytes = 256 * 1024;

static_assert(value_bytes_max + key_bytes_max < persist_bytes_max);
static_assert(http_body_bytes_max < persist_bytes_max);
static_assert(batch_operations_max * key_bytes_max < http_body_bytes_max);

} // namespace base::limits
