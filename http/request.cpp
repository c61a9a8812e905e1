// SPDX-License-Identifier: Apache-2.0
#include "http/request.hpp"

#include <algorithm>

#include "http/percent.hpp"

namespace http {

std::optional<refusal> query_parameters::parse(std::string_view text, std::size_t offset,
                                               bool is_strict) {
  while (!text.empty()) {
    auto end = std::min(text.find('&'), text.size());
    auto member = text.substr(0, end);
    auto equals = std::min(member.find('='), member.size());
    auto name = percent_decode(member.substr(0, equals), true);
    auto value = percent_decode(member.substr(std::min(equals + 1, member.size())), true);
    if (!name.is_ok())
      return refuse_at(offset + name.bad_at, "bad_encoding", "bad percent-encoding");
    if (!value.is_ok())
      return refuse_at(offset + equals + 1 + value.bad_at, "bad_encoding", "bad percent-encoding");
    if (is_strict && has(name.text))
      return refuse(400, "bad_query", "the query names '" + name.text + "' twice");
    if (!member.empty())
      members_.emplace_back(std::move(name.text), std::move(value.text));
    auto used = std::min(end + 1, text.size());
    offset += used;
    text.remove_prefix(used);
  }
  return std::nullopt;
}

const std::string* query_parameters::find(std::string_view name) const {
  for (const auto& [known, value] : members_)
    if (known == name)
      return &value;
  return nullptr;
}

void request::clear() {
  head.clear();
  path = {};
  parameter.clear();
  query.clear();
  std::string().swap(body); // may be megabytes
  trace = {};
}

} // namespace http
