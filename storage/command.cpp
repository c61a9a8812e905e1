// SPDX-License-Identifier: Apache-2.0
#include "storage/command.hpp"

#include "base/check.hpp"
#include "base/limits.hpp"

namespace storage {

namespace {

constexpr std::uint8_t command_format = 1;

enum class precondition_code : std::uint8_t { none = 0, absent = 1, at_revision = 2, exists = 3 };
enum class operation_code : std::uint8_t { set = 1, remove = 2 };

/// Length of the UTF-8 sequence that starts `text`; zero when it is none (RFC 3629).
std::size_t utf8_length(std::string_view text) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  auto continues = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  auto first = byte(0);
  if (first < 0x80)
    return 1;
  if (first >= 0xc2 && first <= 0xdf)
    return continues(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    // No overlong forms, no surrogates.
    unsigned low = first == 0xe0 ? 0xa0 : 0x80;
    unsigned high = first == 0xed ? 0x9f : 0xbf;
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    unsigned low = first == 0xf0 ? 0x90 : 0x80;
    unsigned high = first == 0xf4 ? 0x8f : 0xbf;
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

struct precondition_encoder {
  base::bytes& out;

  void put(precondition_code code) const { out.push_back(static_cast<char>(code)); }
  void operator()(std::monostate) const { put(precondition_code::none); }
  void operator()(must_be_absent) const { put(precondition_code::absent); }
  void operator()(must_exist) const { put(precondition_code::exists); }
  void operator()(const must_be_at& wanted) const {
    put(precondition_code::at_revision);
    base::put_little(out, wanted.revision.value);
  }
};

void put_key(base::bytes& out, operation_code code, const std::string& key) {
  BASE_CHECK(check_key(key).has_value(), "a command holds a key that cannot be stored");
  out.push_back(static_cast<char>(code));
  base::put_little(out, static_cast<std::uint16_t>(key.size()));
  out.append(key);
}

struct operation_encoder {
  base::bytes& out;

  void operator()(const set_operation& set) const {
    put_key(out, operation_code::set, set.key);
    base::put_little(out, static_cast<std::uint32_t>(set.value.size()));
    out.append(set.value);
  }
  void operator()(const delete_operation& remove) const {
    put_key(out, operation_code::remove, remove.key);
  }
};

/// False when the code is unknown.
bool read_precondition(base::byte_reader& in, precondition& out) {
  switch (static_cast<precondition_code>(in.little<std::uint8_t>())) {
  case precondition_code::none: out = std::monostate{}; return true;
  case precondition_code::absent: out = must_be_absent{}; return true;
  case precondition_code::exists: out = must_exist{}; return true;
  case precondition_code::at_revision:
    out = must_be_at{revision{in.little<std::uint64_t>()}};
    return true;
  }
  return false;
}

/// False when the code is unknown or the key could not have been encoded.
bool read_operation(base::byte_reader& in, operation& out) {
  auto code = static_cast<operation_code>(in.little<std::uint8_t>());
  std::string key(in.take(in.little<std::uint16_t>()));
  if (!check_key(key))
    return false;
  if (code == operation_code::remove) {
    out = delete_operation{std::move(key)};
    return true;
  }
  if (code != operation_code::set)
    return false;
  base::bytes value(in.take(in.little<std::uint32_t>()));
  out = set_operation{std::move(key), std::move(value)};
  return true;
}

} // namespace

base::bytes encode(const command& what) {
  BASE_CHECK(!what.operations.empty(), "a command without an operation");
  base::bytes out;
  out.push_back(static_cast<char>(command_format));
  std::visit(precondition_encoder{out}, what.precondition);
  base::put_little(out, static_cast<std::uint32_t>(what.operations.size()));
  for (const auto& each : what.operations)
    std::visit(operation_encoder{out}, each);
  return out;
}

base::result<command> decode_command(base::byte_view bytes) {
  base::byte_reader in(bytes);
  auto corrupt = [&](std::string_view what) {
    auto offset = bytes.size() - in.rest().size();
    return base::fail(base::errc::corrupt, "command: " + std::string(what) + " before byte "
                                               + std::to_string(offset) + " of "
                                               + std::to_string(bytes.size()));
  };
  auto format = in.little<std::uint8_t>();
  if (format != command_format)
    return corrupt("unknown format " + std::to_string(format));
  command what;
  if (!read_precondition(in, what.precondition))
    return corrupt("unknown precondition");
  auto count = in.little<std::uint32_t>();
  if (!in.ok() || count == 0)
    return corrupt("no operation");
  // Not reserved: `count` is not to be trusted before the operations were read.
  for (std::uint32_t i = 0; i < count; ++i) {
    operation next;
    if (!read_operation(in, next) || !in.ok())
      return corrupt("operation " + std::to_string(i) + " of " + std::to_string(count)
                     + " is damaged");
    what.operations.push_back(std::move(next));
  }
  if (!in.at_end())
    return corrupt("bytes follow the last operation");
  return what;
}

base::status check_key(std::string_view key) {
  if (key.empty())
    return base::fail(base::errc::invalid, "the key is empty");
  if (key.size() > base::limits::key_bytes_max)
    return base::fail(base::errc::limit, "the key has " + std::to_string(key.size())
                                             + " bytes, the most allowed is "
                                             + std::to_string(base::limits::key_bytes_max));
  for (std::size_t at = 0; at < key.size();) {
    if (key[at] == '\0')
      return base::fail(base::errc::invalid, "the key holds a NUL at byte " + std::to_string(at));
    auto length = utf8_length(key.substr(at));
    if (length == 0)
      return base::fail(base::errc::invalid,
                        "the key is not valid UTF-8 at byte " + std::to_string(at));
    at += length;
  }
  return {};
}

} // namespace storage
