// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "http/asker.hpp"
#include "http/request.hpp"
#include "http/site.hpp"

namespace http {

/// Answers one request, on its fiber. Throws for a broken invariant only; that request
/// then gets 500 and its connection is closed.
using handler = reply (*)(const request& what, asker& ask, site& at);

enum class body_rule {
  absent,   ///< GET: a body is 400
  ignored,  ///< none is needed; a small one is read and dropped
  value,    ///< needed, up to the size of a value
  document, ///< needed, up to the size of a body
};

enum class plane {
  data, ///< on the data listener only
  both,
};

/// One line of the interface.
struct route {
  http::method method;
  std::string_view pattern; ///< `{name}` stands for one segment, at the end for all the rest
  body_rule body;
  http::plane plane;
  /// Names a query may hold, separated by blanks; anything else is refused, so that no
  /// misspelt one is silently ignored. `*`: whatever a prober appends.
  std::string_view query;
  handler answer;
};

/// All of them, in the order of the documentation.
std::span<const route> routes();

struct route_match {
  const route* found = nullptr;
  std::string_view parameter; ///< raw: part of `path`
  std::string allow;          ///< the methods of the path, where the asked one is none of them
};

/// Matches a raw path: what is percent-encoded in it can neither add nor remove a segment.
/// HEAD is answered where GET is. `path` unknown: neither `found` nor `allow`.
route_match find_route(http::method method, std::string_view path, bool is_admin_listener);

} // namespace http
