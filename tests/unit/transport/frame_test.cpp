// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/crc32c.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/transport/wire_samples.hpp"
#include "transport/bounds.hpp"
#include "transport/frame.hpp"
#include "transport/message_codec.hpp"

using namespace transport;
using tests::some_identity;

namespace {

base::bytes frame_of(std::string_view body, frame_type type = frame_type::ping) {
  auto frame = begin_frame();
  frame += body;
  finish_frame(frame, type, protocol_version_max, some_identity());
  return frame;
}

void feed(frame_reader& reader, std::string_view bytes) {
  while (!bytes.empty()) {
    auto room = reader.prepare();
    auto count = std::min(room.size(), bytes.size());
    std::copy_n(bytes.data(), count, room.data());
    reader.commit(count);
    bytes.remove_prefix(count);
  }
}

// Makes the header's checksum right again after a byte of it was changed.
void seal_header(base::bytes& frame) {
  base::bytes checksum;
  base::put_little(checksum, base::crc32c(base::byte_view(frame).substr(0, 72)));
  frame.replace(72, 4, checksum);
}

} // namespace

TEST_CASE("a frame carries its type, version, sender and body", "[transport][frame]") {
  auto frame = frame_of("some bytes", frame_type::pong);
  CHECK(frame.size() == frame_header_bytes + 10);
  CHECK(frame.substr(0, 4) == "ASPN");

  frame_reader reader(100);
  feed(reader, frame);
  auto got = reader.next();
  REQUIRE(got);
  REQUIRE(*got);
  CHECK((*got)->header.type == frame_type::pong);
  CHECK((*got)->header.version == protocol_version_max);
  CHECK((*got)->header.sender == some_identity());
  CHECK((*got)->body == "some bytes");
  CHECK(!*reader.next());
}

TEST_CASE("frames are cut alike however the bytes come", "[transport][frame]") {
  auto bytes = frame_of("first") + frame_of("") + frame_of(std::string(200'000, 'x'));
  auto step = GENERATE(std::size_t{1}, std::size_t{75}, std::size_t{76}, std::size_t{4096},
                       std::size_t{1'000'000});
  frame_reader reader(1 << 20);
  std::vector<std::size_t> sizes;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    feed(reader, std::string_view(bytes).substr(at, step));
    for (auto got = reader.next(); *got; got = reader.next())
      sizes.push_back((*got)->body.size());
  }
  CHECK(sizes == std::vector<std::size_t>{5, 0, 200'000});
  CHECK(reader.buffered() == 0);
}

TEST_CASE("a changed bit anywhere in a frame is noticed", "[transport][frame]") {
  const auto frame = frame_of("body");
  for (std::size_t bit = 0; bit < 8 * frame.size(); ++bit) {
    auto changed = frame;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    frame_reader reader(100);
    feed(reader, changed);
    INFO("bit " << bit);
    CHECK(!reader.next());
  }
}

TEST_CASE("INV-130: a declared length beyond the bound is refused before its bytes come",
          "[transport][frame]") {
  auto frame = frame_of("");
  frame.replace(8, 4, std::string("\xff\xff\xff\xff", 4));
  seal_header(frame);
  frame_reader reader(1000);
  feed(reader, frame);
  auto got = reader.next();
  REQUIRE(!got);
  CHECK(got.error().code == base::errc::limit);
  CHECK_THAT(got.error().text, matchers::ContainsSubstring("4294967295"));
}

TEST_CASE("INV-130: the buffer grows with what came, not with what was announced",
          "[transport][frame]") {
  auto frame = frame_of("");
  base::bytes length;
  base::put_little(length, static_cast<std::uint32_t>(bounds::frame_body_bytes_max));
  frame.replace(8, 4, length);
  seal_header(frame);
  frame_reader reader(bounds::frame_body_bytes_max);
  feed(reader, frame);
  CHECK(!*reader.next());
  feed(reader, std::string(1000, 'x'));
  CHECK(!*reader.next());
  CHECK(reader.capacity() <= 3 * bounds::read_bytes);
}

TEST_CASE("a buffer that grew for a long frame is given back", "[transport][frame]") {
  frame_reader reader(bounds::frame_body_bytes_max);
  feed(reader, frame_of(std::string(bounds::frame_body_bytes_max, 'x')));
  REQUIRE(*reader.next());
  CHECK(reader.capacity() <= 2 * bounds::frame_body_bytes_max + bounds::read_bytes);
  reader.prepare();
  CHECK(reader.capacity() <= bounds::buffer_kept_bytes);
}

TEST_CASE("TLS on a plain port is named as what it is", "[transport][frame]") {
  frame_reader reader(100);
  feed(reader, std::string("\x16\x03\x01") + std::string(100, 'x'));
  auto got = reader.next();
  REQUIRE(!got);
  CHECK_THAT(got.error().text, matchers::ContainsSubstring("speaks TLS"));
}

TEST_CASE("a reserved byte that is not zero is refused", "[transport][frame]") {
  auto frame = frame_of("");
  frame[6] = 1;
  seal_header(frame);
  frame_reader reader(100);
  feed(reader, frame);
  auto got = reader.next();
  REQUIRE(!got);
  CHECK_THAT(got.error().text, matchers::ContainsSubstring("reserved"));
}
