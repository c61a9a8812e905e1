// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "transport/frame.hpp"
#include "transport/stream.hpp"

/// The bodies of a stream's frames, in the order of the conversation. The checksum of each
/// frame is the chunk's. Pure.
namespace transport {

// `stream_offered` carries a stream_offer. Sender → receiver, first.

/// Receiver → sender: the bytes begin at `offset`.
struct stream_accepted {
  static constexpr auto type = frame_type::stream_accepted;
  std::uint64_t offset = 0;
};

/// Sender → receiver: the bytes at `offset`, which follow the last ones.
struct stream_chunk {
  static constexpr auto type = frame_type::stream_chunk;
  std::uint64_t offset = 0;
  base::bytes bytes;
};

/// Receiver → sender: what lies below `offset` was taken by the reader; a window's worth
/// beyond it may be under way.
struct stream_progress {
  static constexpr auto type = frame_type::stream_progress;
  std::uint64_t offset = 0;
};

/// Sender → receiver: that was all, and it is as long as offered.
struct stream_end {
  static constexpr auto type = frame_type::stream_end;
  std::uint64_t size_bytes = 0;
};

/// Receiver → sender: verified and kept.
struct stream_complete {
  static constexpr auto type = frame_type::stream_complete;
  std::uint64_t size_bytes = 0;
};

/// Either → other: nothing comes of it, and why.
struct stream_given_up {
  static constexpr auto type = frame_type::stream_given_up;
  std::string reason;
};

base::bytes encode_stream(const stream_offer& body, std::uint8_t version, const identity& sender);
base::bytes encode_stream(const stream_accepted& body, std::uint8_t version,
                          const identity& sender);
base::bytes encode_stream(const stream_chunk& body, std::uint8_t version, const identity& sender);
base::bytes encode_stream(const stream_progress& body, std::uint8_t version,
                          const identity& sender);
base::bytes encode_stream(const stream_end& body, std::uint8_t version, const identity& sender);
base::bytes encode_stream(const stream_complete& body, std::uint8_t version,
                          const identity& sender);
base::bytes encode_stream(const stream_given_up& body, std::uint8_t version,
                          const identity& sender);

/// Errors of each: `corrupt`, with what is wrong, bytes left over included.
base::result<stream_offer> decode_stream_offer(base::byte_view body);
base::result<stream_accepted> decode_stream_accepted(base::byte_view body);
base::result<stream_chunk> decode_stream_chunk(base::byte_view body);
base::result<stream_progress> decode_stream_progress(base::byte_view body);
base::result<stream_end> decode_stream_end(base::byte_view body);
base::result<stream_complete> decode_stream_complete(base::byte_view body);
base::result<stream_given_up> decode_stream_given_up(base::byte_view body);

} // namespace transport
