// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/reply.hpp"
#include "http/request_head.hpp"
#include "http/trace_context.hpp"

namespace http {

/// The decoded members of a query, in the order sent.
class query_parameters {
public:
  /// Returns the refusal for a bad percent-encoding (with its position in the target) or,
  /// where `is_strict`, for a name that occurs twice. `offset` is where `text` stands.
  std::optional<refusal> parse(std::string_view text, std::size_t offset, bool is_strict);
  void clear() { members_.clear(); }

  bool has(std::string_view name) const { return find(name) != nullptr; }
  /// The first value of that name; null for none.
  const std::string* find(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return members_; }

private:
  std::vector<std::pair<std::string, std::string>> members_;
};

/// One request as a handler sees it.
struct request {
  request_head head;
  std::string_view path; ///< of the raw target
  std::string parameter; ///< what stood for `{…}` in the route, decoded
  query_parameters query;
  std::string body;
  trace_context trace;

  void clear();
};

} // namespace http
