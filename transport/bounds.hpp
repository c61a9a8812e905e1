// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/limits.hpp"
#include "raft/bounds.hpp"

/// Every bound of the peer port, with its unit in its name.
namespace transport::bounds {

using base::limits::kibibyte;
using base::limits::mebibyte;

// One frame. What stands before the handshake is done is not trusted with more than a little.
inline constexpr std::size_t frame_body_bytes_max = 9 * mebibyte;
inline constexpr std::size_t greeting_body_bytes_max = 1 * kibibyte;
inline constexpr std::size_t entries_per_message_max = 4096;

// What a socket is read into at once; a frame's buffer grows by as much as has come.
inline constexpr std::size_t read_bytes = 64 * kibibyte;
// A buffer that grew beyond this is given back when it is empty.
inline constexpr std::size_t buffer_kept_bytes = 256 * kibibyte;

// Texts of the other side.
inline constexpr std::size_t program_version_bytes_max = 64;
inline constexpr std::size_t http_addr_bytes_max = 300;
inline constexpr std::size_t reason_bytes_max = 512;

// Who may wait at the door: the oldest goes when another comes.
inline constexpr std::size_t strangers_max = 64;
// Servers whose newest membership is ahead of ours, and which we therefore do not know yet.
inline constexpr std::size_t unlisted_links_max = 16;
inline constexpr std::size_t peers_max = 64;

// Snapshots.
inline constexpr std::size_t chunk_bytes_max = 256 * kibibyte;
inline constexpr std::size_t stream_window_bytes = 8 * chunk_bytes_max;
inline constexpr std::size_t offer_attributes_bytes_max = 64 * kibibyte;
inline constexpr std::size_t incoming_streams_max = 2;

static_assert(base::limits::persist_bytes_max < frame_body_bytes_max,
              "the longest batch that is proposed fits one frame");
static_assert(raft::bounds::append_entries_max <= entries_per_message_max);
static_assert(raft::bounds::append_bytes_max < frame_body_bytes_max);

} // namespace transport::bounds
