// SPDX-License-Identifier: Apache-2.0
#include "transport/address.hpp"

#include <charconv>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace transport {

namespace {

bool is_v4(const std::string& host) {
  in_addr parsed{};
  return inet_pton(AF_INET, host.c_str(), &parsed) == 1;
}

bool is_v6(const std::string& host) {
  in6_addr parsed{};
  return inet_pton(AF_INET6, host.c_str(), &parsed) == 1;
}

} // namespace

base::result<address> parse_address(std::string_view text) {
  auto wrong = [text](std::string_view what) {
    return base::fail(base::errc::invalid,
                      "address \"" + std::string(text) + "\": " + std::string(what));
  };
  auto colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return wrong("expected host:port");
  address where;
  auto host = text.substr(0, colon);
  bool is_bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  where.host = is_bracketed ? host.substr(1, host.size() - 2) : host;
  if (where.host.empty() || where.host.size() > 255)
    return wrong("expected a host before the port");
  if (is_bracketed != (where.host.find(':') != std::string::npos))
    return wrong("an IPv6 address, and nothing else, stands in brackets");

  auto port = text.substr(colon + 1);
  auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), where.port);
  if (port.empty() || error != std::errc{} || end != port.data() + port.size())
    return wrong("expected a port from 0 to 65535");
  return where;
}

bool is_loopback(const address& where) {
  if (where.host == "localhost" || where.host == "::1")
    return true;
  return is_v4(where.host) && where.host.starts_with("127.");
}

bool is_literal(const address& where) {
  return is_v4(where.host) || is_v6(where.host);
}

} // namespace transport
