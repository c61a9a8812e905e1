// SPDX-License-Identifier: Apache-2.0
#include "replay/core_file.hpp"

#include "base/crc32c.hpp"
#include "replay/core_codec.hpp"

namespace replay {

namespace {

constexpr base::byte_view magic = "ASPNCOR1";
constexpr std::uint32_t version = 1;

enum class record_type : std::uint8_t { beginning = 1, input = 2, output = 3, bound = 4 };

base::bytes framed(record_type type, base::byte_view what) {
  base::bytes body;
  base::put_little(body, static_cast<std::uint8_t>(type));
  body += what;
  base::bytes out;
  base::put_little(out, static_cast<std::uint32_t>(body.size()));
  base::put_little(out, base::crc32c(body));
  return out + body;
}

template <class Value>
base::result<std::optional<record>> as_record(base::result<Value> read) {
  if (!read)
    return base::fail(read.error());
  return record(std::move(*read));
}

base::result<std::optional<record>> decode(base::byte_view body) {
  base::byte_reader in(body);
  switch (static_cast<record_type>(in.little<std::uint8_t>())) {
  case record_type::beginning: return as_record(decode_beginning(in.rest()));
  case record_type::input: return as_record(decode_input(in.rest()));
  case record_type::output: {
    auto digest = base::hash128::read_from(in);
    if (in.at_end())
      return record(digest);
    break;
  }
  case record_type::bound: return record(bound_reached{});
  }
  return base::fail(base::errc::corrupt, "a record of no known kind");
}

} // namespace

base::bytes file_head() {
  base::bytes head(magic);
  base::put_little(head, version);
  base::put_little(head, std::uint32_t{0});
  return head;
}

base::bytes record_of(const core_beginning& what) {
  return framed(record_type::beginning, encode(what));
}

base::bytes record_of(const core_input& what) {
  return framed(record_type::input, encode(what));
}

base::bytes record_of(const base::hash128& output) {
  base::bytes digest;
  output.append_to(digest);
  return framed(record_type::output, digest);
}

base::bytes record_of_bound() {
  return framed(record_type::bound, {});
}

base::status record_reader::read_head() {
  if (in_.take(magic.size()) != magic)
    return base::fail(base::errc::incompatible, "not a recording of a core");
  auto found = in_.little<std::uint32_t>();
  static_cast<void>(in_.little<std::uint32_t>());
  if (!in_.ok() || found != version)
    return base::fail(base::errc::incompatible, "a recording of version " + std::to_string(found)
                                                    + "; this program reads version "
                                                    + std::to_string(version));
  return {};
}

base::result<std::optional<record>> record_reader::next() {
  if (in_.at_end() || is_torn_)
    return std::nullopt;
  auto size = in_.little<std::uint32_t>();
  auto checksum = in_.little<std::uint32_t>();
  auto body = in_.take(size);
  if (!in_.ok()) {
    is_torn_ = true;
    return std::nullopt;
  }
  if (base::crc32c(body) != checksum)
    return base::fail(base::errc::corrupt, "a record does not match its checksum");
  return decode(body);
}

} // namespace replay
