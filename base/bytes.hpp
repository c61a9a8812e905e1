// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace base {

/// Bytes that belong to the holder. A `std::string` because that is what the HTTP
/// parser, SQLite and the message system hand over without a copy; never assumed
/// to be text.
using bytes = std::string;

/// Bytes that belong to somebody else and outlive the call.
using byte_view = std::string_view;

/// Appends `value` in `sizeof(Integer)` bytes, least significant first.
template <class Integer>
void put_little(bytes& out, Integer value) {
  for (std::size_t i = 0; i < sizeof(Integer); ++i)
    out.push_back(static_cast<char>((static_cast<std::uint64_t>(value) >> (8 * i)) & 0xff));
}

/// Appends `value` most significant byte first, so that byte order is number order.
template <class Integer>
void put_big(bytes& out, Integer value) {
  for (std::size_t i = sizeof(Integer); i-- > 0;)
    out.push_back(static_cast<char>((static_cast<std::uint64_t>(value) >> (8 * i)) & 0xff));
}

/// Reads a byte string front to back. A read past the end yields zeros and makes
/// `ok()` false for good, so that a decoder checks once, at its end.
class byte_reader {
public:
  explicit byte_reader(byte_view input) : rest_(input) {}

  template <class Integer>
  Integer little() {
    std::uint64_t value = 0;
    auto raw = take(sizeof(Integer));
    for (std::size_t i = 0; i < raw.size(); ++i)
      value |= std::uint64_t{static_cast<unsigned char>(raw[i])} << (8 * i);
    return static_cast<Integer>(value);
  }

  template <class Integer>
  Integer big() {
    std::uint64_t value = 0;
    for (char byte : take(sizeof(Integer)))
      value = (value << 8) | static_cast<unsigned char>(byte);
    return static_cast<Integer>(value);
  }

  /// The next `count` bytes; an empty view, and `ok()` false, when fewer are left.
  byte_view take(std::size_t count) {
    if (count > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    auto piece = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return piece;
  }

  byte_view rest() const { return rest_; }
  bool ok() const { return ok_; }
  /// Everything was read, and nothing beyond.
  bool at_end() const { return ok_ && rest_.empty(); }

private:
  byte_view rest_;
  bool ok_ = true;
};

} // namespace base
