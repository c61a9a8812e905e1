// SPDX-License-Identifier: Apache-2.0
#include "base/uuid.hpp"

#include <algorithm>

#include <sys/random.h>

#include "base/check.hpp"
#include "base/hash.hpp"

namespace base {

namespace {

constexpr std::array<std::size_t, 4> dashes_before{4, 6, 8, 10};

void stamp_version(uuid& id, std::uint8_t version) {
  id.octets[6] = static_cast<std::uint8_t>((id.octets[6] & 0x0f) | (version << 4));
  id.octets[8] = static_cast<std::uint8_t>((id.octets[8] & 0x3f) | 0x80);
}

int digit_value(char digit) {
  if (digit >= '0' && digit <= '9')
    return digit - '0';
  if (digit >= 'a' && digit <= 'f')
    return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F')
    return digit - 'A' + 10;
  return -1;
}

} // namespace

void uuid::append_to(bytes& out) const {
  out.append(reinterpret_cast<const char*>(octets.data()), octets.size());
}

uuid uuid::read_from(byte_reader& in) {
  uuid id;
  auto raw = in.take(id.octets.size());
  std::copy(raw.begin(), raw.end(), id.octets.begin());
  return id;
}

uuid random_uuid() {
  uuid id;
  auto got = ::getrandom(id.octets.data(), id.octets.size(), 0);
  BASE_CHECK(got == static_cast<ssize_t>(id.octets.size()), "the kernel gave no randomness");
  stamp_version(id, 4);
  return id;
}

uuid uuid_from_name(std::string_view name) {
  bytes raw;
  hash_of(name).append_to(raw);
  byte_reader reader(raw);
  auto id = uuid::read_from(reader);
  stamp_version(id, 8);
  return id;
}

std::string to_string(const uuid& id) {
  std::string text;
  for (std::size_t i = 0; i < id.octets.size(); ++i) {
    if (std::find(dashes_before.begin(), dashes_before.end(), i) != dashes_before.end())
      text.push_back('-');
    auto octet = static_cast<char>(id.octets[i]);
    text += to_hex(byte_view(&octet, 1));
  }
  return text;
}

std::optional<uuid> uuid_from_string(std::string_view text) {
  if (text.size() != 36)
    return std::nullopt;
  uuid id;
  std::size_t at = 0;
  for (std::size_t i = 0; i < id.octets.size(); ++i) {
    if (std::find(dashes_before.begin(), dashes_before.end(), i) != dashes_before.end()
        && text[at++] != '-')
      return std::nullopt;
    auto high = digit_value(text[at]);
    auto low = digit_value(text[at + 1]);
    if (high < 0 || low < 0)
      return std::nullopt;
    id.octets[i] = static_cast<std::uint8_t>(high * 16 + low);
    at += 2;
  }
  return id;
}

} // namespace base
