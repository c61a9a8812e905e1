// SPDX-License-Identifier: Apache-2.0
#include "tools/aspenctl/endpoint.hpp"

#include <charconv>
#include <cstdint>
#include <optional>

namespace aspenctl {

namespace {

/// All of `text` as a number; nothing when it is none, or does not fit.
template <class Number>
std::optional<Number> read_number(std::string_view text) {
  Number value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

std::string quoted(std::string_view text) {
  return "'" + std::string(text) + "'";
}

tl::unexpected<failure> no_endpoint(std::string_view text, std::string_view why) {
  return fail(exit_status::usage,
              "endpoint " + quoted(text) + ": " + std::string(why) + "; expected http://host:port");
}

} // namespace

std::string endpoint::authority() const {
  bool is_ip_6 = host.find(':') != std::string::npos;
  return (is_ip_6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string endpoint::url() const {
  return "http://" + authority();
}

outcome<endpoint> parse_endpoint(std::string_view text) {
  auto rest = text;
  if (auto scheme_end = rest.find("://"); scheme_end != std::string_view::npos) {
    if (rest.substr(0, scheme_end) != "http")
      return no_endpoint(text, "nodes speak http, not " + quoted(rest.substr(0, scheme_end)));
    rest.remove_prefix(scheme_end + 3);
  }
  if (rest.ends_with('/'))
    rest.remove_suffix(1);
  if (rest.find_first_of("/?#@ ") != std::string_view::npos)
    return no_endpoint(text, "only a host and a port may stand there");
  auto colon = rest.rfind(':');
  if (colon == std::string_view::npos || rest.ends_with(']'))
    return no_endpoint(text, "the port is missing");
  auto port = read_number<int>(rest.substr(colon + 1));
  if (!port || *port < 1 || *port > 65535)
    return no_endpoint(text, quoted(rest.substr(colon + 1)) + " is no port (1 to 65535)");
  auto host = rest.substr(0, colon);
  bool has_brackets = host.starts_with('[') && host.ends_with(']');
  if (has_brackets)
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return no_endpoint(text, "an IPv6 address stands in brackets");
  if (host.empty())
    return no_endpoint(text, "the host is missing");
  return endpoint{std::string(host), *port};
}

outcome<std::vector<endpoint>> parse_endpoints(std::string_view list) {
  std::vector<endpoint> parsed;
  while (true) {
    auto comma = list.find(',');
    auto one = parse_endpoint(list.substr(0, comma));
    if (!one)
      return tl::unexpected(std::move(one.error()));
    parsed.push_back(std::move(*one));
    if (comma == std::string_view::npos)
      return parsed;
    list.remove_prefix(comma + 1);
  }
}

outcome<std::chrono::milliseconds> parse_span(std::string_view text) {
  auto digits = text.find_first_not_of("0123456789");
  auto unit = digits == std::string_view::npos ? std::string_view{} : text.substr(digits);
  std::int64_t factor = unit == "ms" ? 1 : unit == "s" ? 1000 : unit == "m" ? 60'000 : 0;
  auto number = read_number<std::int64_t>(text.substr(0, digits));
  constexpr std::int64_t number_max = 1'000'000;
  if (factor == 0 || !number || *number < 1 || *number > number_max)
    return fail(exit_status::usage,
                quoted(text) + " is no time span; expected one such as 500ms, 5s or 2m");
  return std::chrono::milliseconds(*number * factor);
}

outcome<std::uint64_t> parse_server_id(std::string_view text) {
  auto number = read_number<std::uint64_t>(text);
  if (!number || *number == 0)
    return fail(exit_status::usage, quoted(text) + " is no server id; expected a number from 1");
  return *number;
}

} // namespace aspenctl
