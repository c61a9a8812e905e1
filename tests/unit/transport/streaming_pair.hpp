// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <future>
#include <memory>

#include "tests/unit/transport/link_fixture.hpp"
#include "transport/stream_codec.hpp"

namespace tests {

using namespace transport;

inline stream_offer offer_of(std::uint64_t size_bytes) {
  stream_offer what;
  what.term = raft::term{4};
  what.point.id = {raft::log_index{100}, raft::term{3}};
  what.point.membership.voters = {{raft::server_id{1}, base::random_uuid(), "a:1", "b:2"}};
  what.size_bytes = size_bytes;
  what.file = base::uuid_from_name("the file");
  what.attributes = "digest and more";
  return what;
}

/// Byte `i` of the file that is sent.
inline char byte_at(std::uint64_t i) {
  return static_cast<char>((i * 2654435761U) >> 24);
}

inline base::bytes piece(std::uint64_t offset, std::size_t size) {
  base::bytes out(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    out[i] = byte_at(offset + i);
  return out;
}

/// Reads from `offset` to the end; where the end was, if all bytes were the file's.
inline base::result<std::uint64_t> read_all(incoming_stream& stream, std::uint64_t offset) {
  for (;;) {
    auto bytes = stream.read();
    if (!bytes)
      return base::fail(bytes.error());
    if (bytes->empty())
      return offset;
    if (*bytes != piece(offset, bytes->size()))
      return base::fail(base::errc::corrupt, "other bytes than were sent");
    offset += bytes->size();
  }
}

inline base::status send_all(outgoing_stream& stream, std::uint64_t size_bytes) {
  for (auto at = stream.resume_offset(); at < size_bytes;) {
    auto size = std::min<std::uint64_t>(size_bytes - at, 100'000);
    if (auto written = stream.write(piece(at, size)); !written)
      return written;
    at += size;
  }
  return stream.finish();
}

/// Both ends of a stream that was offered and accepted.
struct stream_ends {
  std::unique_ptr<incoming_stream> incoming;
  std::unique_ptr<outgoing_stream> outgoing;

  /// Sends the whole file from a thread of its own.
  std::future<base::status> send() {
    return std::async(std::launch::async,
                      [out = outgoing.get(), size = incoming->offer().size_bytes] {
                        return send_all(*out, size);
                      });
  }
};

/// Two linked servers; streams go from `one` to `two`.
struct streaming_pair : linked_pair {
  streaming_pair() {
    one.settings().times.connect_timeout = two.settings().times.connect_timeout = patience;
  }

  auto offer(std::uint64_t size_bytes) {
    return std::async(std::launch::async, [this, size_bytes] {
      return one.links().open_stream(raft::server_id{2}, offer_of(size_bytes), patience);
    });
  }

  stream_ends open(std::uint64_t size_bytes, std::uint64_t offset = 0) {
    auto opening = offer(size_bytes);
    stream_ends ends;
    ends.incoming = two.take_stream();
    REQUIRE(ends.incoming->accept(offset));
    auto outgoing = opening.get();
    REQUIRE(outgoing);
    ends.outgoing = std::move(*outgoing);
    return ends;
  }
};

} // namespace tests
