// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

/// What a server answered, field names in lower case.
struct raw_answer {
  int status = 0;
  std::multimap<std::string, std::string> fields;
  std::string body;

  /// The field's value; empty when there is none.
  std::string field(const std::string& name) const;
};

/// One TCP connection that sends exactly the bytes it is given. Nothing here waits longer
/// than half a minute; then it throws.
class raw_client {
public:
  explicit raw_client(std::uint16_t port);
  ~raw_client();
  raw_client(raw_client&& other) noexcept;
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;

  /// What the kernel takes; a connection the server has closed is no error here.
  void send(std::string_view bytes);
  /// The next answer. `is_head`: it has no body, whatever its length says.
  raw_answer receive(bool is_head = false);
  /// `send` and `receive`.
  raw_answer ask(std::string_view bytes, bool is_head = false);
  /// Whether the server closes, without another byte.
  bool is_closed();
  void close_sending();

private:
  bool fill();

  int socket_ = -1;
  std::string buffered_;
};

/// "METHOD TARGET HTTP/1.1", a host, `fields` (each ending in CRLF), and the body with its
/// length where there is one.
std::string make_request(std::string_view method, std::string_view target,
                         std::string_view body = {}, std::string_view fields = {});
