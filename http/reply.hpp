// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/answer.hpp"

namespace http {

inline constexpr std::string_view json_type = "application/json";
inline constexpr std::string_view text_type = "text/plain; charset=utf-8";
inline constexpr std::string_view binary_type = "application/octet-stream";

class asker;

/// A body that is not there as a whole: it is asked for a piece at a time, the next when the one before was
/// taken by the client.
struct body_stream {
  std::uint64_t size = 0;
  /// The piece from `offset` on; nothing when there is none any more, which breaks the connection off, so
  /// that nobody takes a part for the whole.
  std::function<std::optional<std::string>(asker& ask, std::uint64_t offset)> piece;
};

/// What a handler answers. `content_type` and the names of `fields` are literals.
struct reply {
  int status = 200;
  std::string_view content_type = json_type;
  std::string body;
  std::vector<std::pair<std::string_view, std::string>> fields;
  bool closes_connection = false;
  std::shared_ptr<body_stream> stream; ///< in place of `body`

  void set(std::string_view name, std::string value) {
    fields.emplace_back(name, std::move(value));
  }
};

reply json_reply(int status, std::string body);

/// Why a request is not served, and what the client may conclude from it.
struct refusal {
  int status = 400;
  std::string_view code; ///< literal, snake case
  std::string text;
  std::optional<std::uint64_t> position; ///< in the input, in bytes
  std::optional<std::uint64_t> limit;    ///< of what was passed, with `actual`
  std::optional<std::uint64_t> actual;
  std::optional<std::uint64_t> revision; ///< 412: the row's current one, zero for none
  std::optional<actors::commit_status> committed;
  std::chrono::milliseconds retry_after{0};
  std::string allow; ///< 405: the methods there are
  bool closes_connection = false;
};

refusal refuse(int status, std::string_view code, std::string text);
refusal refuse_at(std::uint64_t position, std::string_view code, std::string text);
refusal refuse_over(std::string_view code, std::string text, std::uint64_t limit,
                    std::uint64_t actual);

/// The one table from an actor's failure to a status. A write whose outcome is unknown is
/// 504 whatever the reason, so that nothing on the way takes it for one that may simply be
/// sent again (INV-114).
refusal refusal_from(const actors::failure& why, bool is_write);

/// `{"error": text, "code": code, …}` with the headers that belong to the status.
reply to_reply(const refusal& why);

} // namespace http
