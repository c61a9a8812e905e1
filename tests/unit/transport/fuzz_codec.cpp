// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/transport/fuzz_codec.hpp"

#include <cstdlib>
#include <new>

#include "tests/support/catch.hpp"
#include "tests/unit/transport/mutator.hpp"
#include "transport/bounds.hpp"
#include "transport/greeting.hpp"
#include "transport/stream_codec.hpp"

using namespace transport;

namespace {

thread_local std::uint64_t allocated_bytes = 0;

} // namespace

// Counts what is asked for, so that a length that was believed shows. A sanitizer has its own.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
void* operator new(std::size_t size) {
  allocated_bytes += size;
  if (void* memory = std::malloc(size == 0 ? 1 : size))
    return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
#endif

namespace tests {

namespace {

// What a member or an entry takes in memory, beside what it takes on the wire, is a small
// multiple; texts of errors and containers add a constant.
constexpr std::uint64_t allowed(std::size_t body_bytes) {
  return 32 * body_bytes + 8192;
}

void fuzz_reader(mutator& source, fuzz_counts& counts) {
  auto bytes = source.frame();
  frame_reader reader(bounds::greeting_body_bytes_max * 4);
  bool is_refused = false;
  for (base::byte_view rest = bytes; !rest.empty() && !is_refused;) {
    auto room = reader.prepare();
    auto size = std::min({room.size(), rest.size(), 1 + source.samples().below(2000)});
    std::copy_n(rest.data(), size, room.data());
    reader.commit(size);
    rest.remove_prefix(size);
    for (auto got = reader.next();; got = reader.next()) {
      if (!got) {
        is_refused = true;
        REQUIRE(!got.error().text.empty());
        break;
      }
      if (!*got)
        break;
      auto message = decode_message((*got)->header.type, (*got)->body);
      is_refused = is_refused || !message;
      ++counts.accepted;
    }
  }
  REQUIRE(reader.capacity() <= 2 * bytes.size() + 2 * bounds::read_bytes);
  ++counts.frames;
  counts.refused += is_refused ? 1 : 0;
}

template <class Decoded, class Encode>
bool check_decoded(const Decoded& got, base::byte_view body, Encode encode) {
  if (!got) {
    REQUIRE(!got.error().text.empty());
    return false;
  }
  REQUIRE(base::byte_view(encode(*got)).substr(frame_header_bytes) == body);
  return true;
}

void fuzz_message(mutator& source, fuzz_counts& counts) {
  auto [type, body] = source.body();
  auto before = allocated_bytes;
  auto got = decode_message(type, body);
  REQUIRE(allocated_bytes - before <= allowed(body.size()));
  bool is_good = check_decoded(got, body, [](const raft::message& message) {
    return encode_message(message, protocol_version_max, some_identity());
  });
  ++counts.bodies;
  ++(is_good ? counts.accepted : counts.refused);
}

// The decoders of the handshake and of streams, on the same bytes.
void fuzz_others(mutator& source) {
  auto body = source.body().second;
  auto before = allocated_bytes;
  decode_hello(body);
  decode_welcome(body);
  decode_refusal(body);
  REQUIRE(allocated_bytes - before <= 3 * allowed(body.size()));
  auto again = [](const auto& value) {
    return encode_stream(value, protocol_version_max, some_identity());
  };
  check_decoded(decode_stream_offer(body), body, again);
  check_decoded(decode_stream_chunk(body), body, again);
  check_decoded(decode_stream_progress(body), body, again);
  decode_stream_given_up(body);
}

} // namespace

fuzz_counts fuzz_codec(std::uint64_t seed, std::uint64_t count) {
  fuzz_counts counts;
  mutator source(seed);
  for (std::uint64_t i = 0; i < count; ++i) {
    INFO("seed " << seed << ", input " << i);
    fuzz_reader(source, counts);
    fuzz_message(source, counts);
    if (i % 8 == 0)
      fuzz_others(source);
  }
  return counts;
}

} // namespace tests
