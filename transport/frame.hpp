// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "transport/identity.hpp"

/// What travels between two servers: a header of fixed length, then a body whose length
/// the header tells (docs/transport.md has every byte). Pure: no socket, no clock.
namespace transport {

/// What a body holds. The numbers are the wire's and never change their meaning.
enum class frame_type : std::uint8_t {
  hello = 1,
  welcome = 2,
  refused = 3,
  ping = 4,
  pong = 5,

  request_vote = 16,
  request_vote_reply = 17,
  append_entries = 18,
  append_entries_reply = 19,
  timeout_now = 20,
  forward_proposal = 21,
  forward_proposal_reply = 22,
  read_index = 23,
  read_index_reply = 24,
  state_outvoted = 25,
  entry_request = 26,
  entry_reply = 27,

  stream_offered = 48,
  stream_accepted = 49,
  stream_chunk = 50,
  stream_progress = 51,
  stream_end = 52,
  stream_complete = 53,
  stream_given_up = 54,
};

/// Protocol versions this program speaks, both included. Frames of the handshake carry
/// version 0 and are read by every version. Version 1 knew no digests of states and no repair
/// of damaged entries: its answers to append_entries are shorter.
inline constexpr std::uint8_t greeting_version = 0;
inline constexpr std::uint8_t protocol_version_min = 2;
inline constexpr std::uint8_t protocol_version_max = 2;

inline constexpr std::size_t frame_header_bytes = 76;

struct frame_header {
  std::uint8_t version = 0;
  frame_type type{};
  std::uint32_t body_bytes = 0;
  identity sender;
  std::uint32_t body_checksum = 0; ///< CRC32C of the body
};

/// A whole frame inside a reader's buffer; its checksums hold.
struct frame_view {
  frame_header header;
  base::byte_view body; ///< valid until the reader's next `prepare`
};

/// Room for the header; the body is appended to it.
base::bytes begin_frame();

/// Writes the header in front of the body that stands in `frame`. Requires: `frame` was
/// made by `begin_frame`, and its body is at most 4 GiB.
void finish_frame(base::bytes& frame, frame_type type, std::uint8_t version,
                  const identity& sender);

/// Exactly one header. Errors: `corrupt`, saying what is wrong: magic, checksum, a
/// reserved byte.
base::result<frame_header> decode_header(base::byte_view bytes);

/// Cuts what comes from a socket into frames. The length a header declares is compared
/// with the bound before anything depends on it, and the buffer grows with the bytes that
/// came, not with those announced (INV-130).
class frame_reader {
public:
  /// Bodies longer than `body_bytes_max` are refused.
  explicit frame_reader(std::size_t body_bytes_max) : body_bytes_max_(body_bytes_max) {}

  void set_body_bytes_max(std::size_t bytes) { body_bytes_max_ = bytes; }

  /// Where the next bytes of the socket go; never empty. Invalidates views handed out.
  std::span<char> prepare();
  /// The first `count` bytes of what `prepare` returned were filled.
  void commit(std::size_t count);

  /// The next whole frame; nothing when more bytes are needed. An error is final: where a
  /// frame begins is not known any more. Errors: as `decode_header`; `limit` for a body
  /// that is too long; `corrupt` for a body that is not what was sent.
  base::result<std::optional<frame_view>> next();

  std::size_t buffered() const { return end_ - begin_; }
  std::size_t capacity() const { return buffer_.capacity(); }

private:
  std::size_t body_bytes_max_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0; // of the bytes not yet handed out
  std::size_t end_ = 0;
};

} // namespace transport
