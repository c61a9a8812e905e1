// SPDX-License-Identifier: Apache-2.0
#include "node/setting_values.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <span>
#include <utility>

#include <fmt/format.h>

namespace node {

namespace {

struct unit {
  std::string_view name;
  std::uint64_t factor;
};

// Largest first; the first name of a factor is the one that is printed.
constexpr std::array<unit, 9> size_units{{{"TB", 1ULL << 40},
                                          {"TiB", 1ULL << 40},
                                          {"GB", 1ULL << 30},
                                          {"GiB", 1ULL << 30},
                                          {"MB", 1ULL << 20},
                                          {"MiB", 1ULL << 20},
                                          {"KB", 1ULL << 10},
                                          {"KiB", 1ULL << 10},
                                          {"B", 1}}};
constexpr std::array<unit, 4> time_units{{{"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};

bool equal_ignoring_case(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, [](unsigned char a, unsigned char b) {
    return std::tolower(a) == std::tolower(b);
  });
}

/// "<digits><unit>", a space between them allowed. Nothing unless the product fits a
/// signed 64-bit number, which every consumer can hold.
std::optional<std::uint64_t> parse_with_unit(std::string_view text, std::span<const unit> units) {
  auto digits = text.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string_view::npos)
    return std::nullopt;
  auto number = parse_unsigned(text.substr(0, digits));
  auto name = text.substr(digits);
  if (name.starts_with(' '))
    name.remove_prefix(1);
  auto found = std::ranges::find_if(
      units, [name](const unit& each) { return equal_ignoring_case(each.name, name); });
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  if (!number || found == units.end() || *number > most / found->factor)
    return std::nullopt;
  return *number * found->factor;
}

std::string print_with_unit(std::uint64_t value, std::span<const unit> units) {
  for (const auto& each : units)
    if (value != 0 && value % each.factor == 0)
      return fmt::format("{}{}", value / each.factor, each.name);
  return fmt::format("0{}", units.back().name);
}

bool is_ip_address(int family, const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> ignored{};
  return ::inet_pton(family, host.c_str(), ignored.data()) == 1;
}

bool is_host_name(std::string_view host) {
  return !host.empty() && host.size() <= 253 && host.front() != '-' && host.front() != '.'
         && std::ranges::all_of(host, [](unsigned char byte) {
              return std::isalnum(byte) != 0 || byte == '-' || byte == '.' || byte == '_';
            });
}

std::optional<std::chrono::minutes> parse_time_of_day(std::string_view text) {
  if (text.size() != 5 || text[2] != ':')
    return std::nullopt;
  auto hour = parse_unsigned(text.substr(0, 2));
  auto minute = parse_unsigned(text.substr(3));
  if (!hour || !minute || *hour > 23 || *minute > 59)
    return std::nullopt;
  return std::chrono::minutes(*hour * 60 + *minute);
}

std::string print_time_of_day(std::chrono::minutes time) {
  return fmt::format("{:02}:{:02}", time.count() / 60, time.count() % 60);
}

} // namespace

std::optional<std::uint64_t> parse_unsigned(std::string_view text) {
  std::uint64_t value = 0;
  const auto* end = text.data() + text.size();
  auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || stopped != end)
    return std::nullopt;
  return value;
}

base::result<byte_size> parse_byte_size(std::string_view text) {
  auto bytes = parse_with_unit(text, size_units);
  if (!bytes)
    return base::fail(base::errc::invalid,
                      fmt::format("\"{}\" is no size: write a number and B, KB, MB, GB or TB, "
                                  "as in \"64MB\"",
                                  text));
  return byte_size{*bytes};
}

std::string to_string(byte_size size) {
  return print_with_unit(size.bytes, size_units);
}

base::result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  auto milliseconds = parse_with_unit(text, time_units);
  if (!milliseconds)
    return base::fail(base::errc::invalid,
                      fmt::format("\"{}\" is no time: write a number and ms, s, m or h, "
                                  "as in \"150ms\"",
                                  text));
  return std::chrono::milliseconds(*milliseconds);
}

std::string to_string(std::chrono::milliseconds duration) {
  return print_with_unit(static_cast<std::uint64_t>(duration.count()), time_units);
}

bool endpoint::is_loopback() const {
  return host == "localhost" || (is_ip_address(AF_INET, host) && host.starts_with("127."))
         || host == "::1";
}

bool endpoint::is_any() const {
  return host == "0.0.0.0" || host == "::";
}

base::result<endpoint> parse_endpoint(std::string_view text) {
  auto wrong = [text](std::string_view why) {
    return base::fail(base::errc::invalid,
                      fmt::format("\"{}\" is no address: {}; write \"host:port\", as in "
                                  "\"127.0.0.1:8080\" or \"[::1]:8080\"",
                                  text, why));
  };
  auto colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return wrong("the port is missing");
  auto port = parse_unsigned(text.substr(colon + 1));
  if (!port || *port == 0 || *port > 65535)
    return wrong("the port is not 1 to 65535");
  auto host = std::string(text.substr(0, colon));
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (!is_ip_address(AF_INET6, host))
      return wrong("what stands in brackets is no IPv6 address");
  } else if (host.find_first_not_of("0123456789.") == std::string::npos) {
    if (!is_ip_address(AF_INET, host))
      return wrong("the host is no IPv4 address");
  } else if (!is_host_name(host)) {
    return wrong("the host is no name and no address");
  }
  return endpoint{host, static_cast<std::uint16_t>(*port)};
}

std::string to_string(const endpoint& where) {
  bool is_ipv6 = where.host.find(':') != std::string::npos;
  return is_ipv6 ? fmt::format("[{}]:{}", where.host, where.port)
                 : fmt::format("{}:{}", where.host, where.port);
}

bool daily_window::contains(std::chrono::minutes time_of_day) const {
  return begin <= end ? time_of_day >= begin && time_of_day < end
                      : time_of_day >= begin || time_of_day < end;
}

base::result<daily_window> parse_daily_window(std::string_view text) {
  auto dash = text.find('-');
  auto begin = parse_time_of_day(text.substr(0, dash));
  auto end = parse_time_of_day(dash == std::string_view::npos ? "" : text.substr(dash + 1));
  if (!begin || !end || *begin == *end)
    return base::fail(base::errc::invalid,
                      fmt::format("\"{}\" is no time of day from and to (UTC): write it as in "
                                  "\"02:00-04:00\"",
                                  text));
  return daily_window{*begin, *end};
}

std::string to_string(const daily_window& window) {
  return print_time_of_day(window.begin) + "-" + print_time_of_day(window.end);
}

base::result<member> parse_member(std::string_view text) {
  auto equals = text.find('=');
  auto id = parse_unsigned(text.substr(0, equals));
  if (equals == std::string_view::npos || !id || *id == 0)
    return base::fail(base::errc::invalid,
                      fmt::format("\"{}\" is no member: write \"id=host:port\", as in "
                                  "\"1=10.0.0.1:8082\"",
                                  text));
  auto where = parse_endpoint(text.substr(equals + 1));
  if (!where)
    return base::fail(where.error().within("member " + std::to_string(*id)));
  return member{*id, *where};
}

base::result<http_url> parse_http_url(std::string_view text) {
  auto wrong = [text](std::string_view why) {
    return base::fail(base::errc::invalid,
                      fmt::format("\"{}\" {}; it is written as http://HOST:PORT/PATH, or with "
                                  "https, such as http://127.0.0.1:4318/v1/traces",
                                  text, why));
  };
  auto scheme = text.substr(0, text.find("://"));
  if (scheme.size() == text.size() || (scheme != "http" && scheme != "https"))
    return wrong("does not begin with http:// or https://");
  auto rest = text.substr(scheme.size() + 3);
  auto host = rest.substr(0, rest.find('/'));
  if (host.empty() || host.front() == ':')
    return wrong("names no host");
  if (text.find_first_of(" \t\r\n@?#") != std::string_view::npos)
    return wrong("has a blank, '@', '?' or '#' in it");
  return http_url{std::string(text.substr(0, scheme.size() + 3 + host.size())),
                  std::string(rest.substr(host.size()))};
}

} // namespace node
