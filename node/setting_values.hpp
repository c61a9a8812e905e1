// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

/// The values that a configuration holds beyond numbers and text, each with the form
/// in which people write it and the form in which it is printed back: what is printed
/// parses to the same value. Errors are `invalid` and say what was found and what is
/// allowed. Pure functions, any thread.
namespace node {

/// A number of bytes, written with a unit: "512KB", "64MB", "4GB". As in the operations
/// guide a KB is 2^10 bytes, a MB 2^20, a GB 2^30, a TB 2^40; "KiB" and so on say the same.
struct byte_size {
  std::uint64_t bytes = 0;
  friend auto operator<=>(const byte_size&, const byte_size&) = default;
};

base::result<byte_size> parse_byte_size(std::string_view text);
/// In the largest unit that divides it: "64MB".
std::string to_string(byte_size size);

/// "150ms", "5s", "10m", "1h".
base::result<std::chrono::milliseconds> parse_duration(std::string_view text);
/// In the largest unit that divides it: "5s".
std::string to_string(std::chrono::milliseconds duration);

/// Where a listener binds or a peer is found: "127.0.0.1:8080", "[::1]:8080",
/// "db1.example:8080". The port is 1 to 65535.
struct endpoint {
  std::string host; ///< an IPv6 address without its brackets
  std::uint16_t port = 0;
  friend bool operator==(const endpoint&, const endpoint&) = default;

  /// The host is a loopback address or `localhost`. A name that the resolver would map
  /// to loopback does not count: the resolver may think otherwise tomorrow.
  bool is_loopback() const;
  /// The host means every address of the machine.
  bool is_any() const;
};

base::result<endpoint> parse_endpoint(std::string_view text);
std::string to_string(const endpoint& where);

/// A time of day in UTC from `begin` to `end`, minutes after midnight, half open; it
/// may pass midnight. Written "02:00-04:00".
struct daily_window {
  std::chrono::minutes begin{};
  std::chrono::minutes end{};
  friend bool operator==(const daily_window&, const daily_window&) = default;

  /// Whether `time_of_day`, since midnight UTC, is within.
  bool contains(std::chrono::minutes time_of_day) const;
};

base::result<daily_window> parse_daily_window(std::string_view text);
std::string to_string(const daily_window& window);

/// A server's id and peer address, written "1=host:port".
struct member {
  std::uint64_t id = 0;
  endpoint raft_addr;
};

base::result<member> parse_member(std::string_view text);

/// Whom to send something to over HTTP: "http://127.0.0.1:4318/v1/traces".
struct http_url {
  std::string origin; ///< scheme, host and port
  std::string path;   ///< from the first slash on; may be empty
};

base::result<http_url> parse_http_url(std::string_view text);

/// The whole of `text` as an unsigned decimal number; nothing when it is none or too big.
std::optional<std::uint64_t> parse_unsigned(std::string_view text);

} // namespace node
