// SPDX-License-Identifier: Apache-2.0
#include "transport/frame.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/check.hpp"
#include "base/crc32c.hpp"
#include "base/hash.hpp"
#include "transport/bounds.hpp"

namespace transport {

namespace {

constexpr std::string_view magic = "ASPN";
constexpr std::size_t checked_bytes = frame_header_bytes - sizeof(std::uint32_t);

// The one wrong first byte that has a common cause.
std::string magic_error(base::byte_view bytes) {
  if ((bytes[0] == 0x15 || bytes[0] == 0x16) && bytes[1] == 0x03)
    return "the other side speaks TLS, this one does not";
  return "not a frame of this protocol: it begins with " + base::to_hex(bytes.substr(0, 4));
}

} // namespace

base::bytes begin_frame() {
  base::bytes frame;
  frame.reserve(256);
  frame.resize(frame_header_bytes);
  return frame;
}

void finish_frame(base::bytes& frame, frame_type type, std::uint8_t version,
                  const identity& sender) {
  BASE_CHECK(frame.size() >= frame_header_bytes, "a frame begins with room for its header");
  auto body = base::byte_view(frame).substr(frame_header_bytes);
  BASE_CHECK(body.size() <= std::numeric_limits<std::uint32_t>::max(),
             "a body has 32 bits of length");

  base::bytes header(magic);
  header.reserve(frame_header_bytes);
  base::put_little(header, version);
  base::put_little(header, static_cast<std::uint8_t>(type));
  base::put_little(header, std::uint16_t{0});
  base::put_little(header, static_cast<std::uint32_t>(body.size()));
  sender.cluster.append_to(header);
  base::put_little(header, sender.server.value);
  sender.incarnation.append_to(header);
  sender.boot.append_to(header);
  base::put_little(header, base::crc32c(body));
  base::put_little(header, base::crc32c(header));
  std::memcpy(frame.data(), header.data(), frame_header_bytes);
}

base::result<frame_header> decode_header(base::byte_view bytes) {
  BASE_CHECK(bytes.size() == frame_header_bytes, "a header is decoded when all of it is there");
  base::byte_reader in(bytes);
  if (in.take(magic.size()) != magic)
    return base::fail(base::errc::corrupt, magic_error(bytes));

  frame_header header;
  header.version = in.little<std::uint8_t>();
  header.type = static_cast<frame_type>(in.little<std::uint8_t>());
  auto reserved = in.little<std::uint16_t>();
  header.body_bytes = in.little<std::uint32_t>();
  header.sender.cluster = base::uuid::read_from(in);
  header.sender.server = raft::server_id{in.little<std::uint64_t>()};
  header.sender.incarnation = base::uuid::read_from(in);
  header.sender.boot = base::uuid::read_from(in);
  header.body_checksum = in.little<std::uint32_t>();
  if (in.little<std::uint32_t>() != base::crc32c(bytes.substr(0, checked_bytes)))
    return base::fail(base::errc::corrupt, "the checksum of a frame's header does not match");
  if (reserved != 0)
    return base::fail(base::errc::corrupt, "a reserved byte of a frame's header is not zero");
  return header;
}

std::span<char> frame_reader::prepare() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
    if (buffer_.size() > bounds::buffer_kept_bytes)
      buffer_ = {};
  }
  if (buffer_.size() - end_ < bounds::read_bytes && begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - end_ < bounds::read_bytes) {
    // Twice what came, so that a long body is not copied once for each read of it.
    auto frame_max = frame_header_bytes + body_bytes_max_;
    std::vector<char> larger(std::min(2 * end_, std::max(frame_max, end_)) + bounds::read_bytes);
    std::copy_n(buffer_.data(), end_, larger.data());
    buffer_ = std::move(larger);
  }
  return {buffer_.data() + end_, buffer_.size() - end_};
}

void frame_reader::commit(std::size_t count) {
  BASE_CHECK(count <= buffer_.size() - end_, "a socket fills what it was given");
  end_ += count;
}

base::result<std::optional<frame_view>> frame_reader::next() {
  base::byte_view bytes(buffer_.data() + begin_, end_ - begin_);
  if (bytes.size() >= magic.size() && !bytes.starts_with(magic))
    return base::fail(base::errc::corrupt, magic_error(bytes));
  if (bytes.size() < frame_header_bytes)
    return std::nullopt;
  auto header = decode_header(bytes.substr(0, frame_header_bytes));
  if (!header)
    return base::fail(header.error());
  if (header->body_bytes > body_bytes_max_)
    return base::fail(base::errc::limit, "a frame declares a body of "
                                             + std::to_string(header->body_bytes)
                                             + " bytes; at most " + std::to_string(body_bytes_max_)
                                             + " are taken here");
  if (bytes.size() - frame_header_bytes < header->body_bytes)
    return std::nullopt;
  auto body = bytes.substr(frame_header_bytes, header->body_bytes);
  if (base::crc32c(body) != header->body_checksum)
    return base::fail(base::errc::corrupt, "the checksum of a frame's body does not match");
  begin_ += frame_header_bytes + body.size();
  return frame_view{*header, body};
}

} // namespace transport
