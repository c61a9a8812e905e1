// SPDX-License-Identifier: Apache-2.0
#include "tools/aspenctl/endpoint_row.hpp"

namespace aspenctl {

nlohmann::ordered_json endpoint_row(const client& nodes, const endpoint& where,
                                    const char* target) {
  nlohmann::ordered_json row{{"endpoint", where.url()}};
  call what{"GET", target, {}};
  auto got = nodes.ask_once(where, what);
  if (auto* none = std::get_if<silence>(&got)) {
    row["error"] = none->why;
    return row;
  }
  const auto& said = std::get<answer>(got);
  auto body = said.is_success() ? object_of(said) : tl::unexpected(failure_of(said, what));
  if (body)
    row.update(*body);
  else
    row["error"] = body.error().text;
  return row;
}

} // namespace aspenctl
