// SPDX-License-Identifier: Apache-2.0
#include "http/route_table.hpp"

#include <algorithm>
#include <array>

#include "http/kv_handlers.hpp"

namespace http {

namespace {

constexpr std::string_view read_query = "consistency min_index";

constexpr std::array table{
    route{method::put, "/v1/kv/{key}", body_rule::value, plane::data, "", put_key},
    route{method::get, "/v1/kv/{key}", body_rule::absent, plane::data, read_query, get_key},
    route{method::remove, "/v1/kv/{key}", body_rule::ignored, plane::data, "", delete_key},
};

/// True when `path` is what `pattern` describes; `parameter` is what stood for its name.
bool matches(std::string_view pattern, std::string_view path, std::string_view& parameter) {
  auto open = pattern.find('{');
  if (open == std::string_view::npos)
    return pattern == path;
  if (path.substr(0, open) != pattern.substr(0, open))
    return false;
  auto after = pattern.substr(pattern.find('}') + 1);
  auto rest = path.substr(open);
  if (!rest.ends_with(after))
    return false;
  parameter = rest.substr(0, rest.size() - after.size());
  return after.empty() || parameter.find('/') == std::string_view::npos;
}

} // namespace

std::span<const route> routes() {
  return table;
}

route_match find_route(method asked, std::string_view path, bool is_admin_listener) {
  auto wanted = asked == method::head ? method::get : asked;
  route_match match;
  for (const auto& each : table) {
    std::string_view parameter;
    if ((is_admin_listener && each.plane == plane::data) || !matches(each.pattern, path, parameter))
      continue;
    if (each.method == wanted) {
      match.found = &each;
      match.parameter = parameter;
      return match;
    }
    if (!match.allow.empty())
      match.allow += ", ";
    match.allow += to_string(each.method);
    if (each.method == method::get)
      match.allow += ", HEAD";
  }
  return match;
}

} // namespace http
