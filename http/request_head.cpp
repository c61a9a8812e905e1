// SPDX-License-Identifier: Apache-2.0
#include "http/request_head.hpp"

#include <algorithm>
#include <array>

namespace http {

std::string_view to_string(method value) {
  switch (value) {
  case method::get: return "GET";
  case method::head: return "HEAD";
  case method::put: return "PUT";
  case method::post: return "POST";
  case method::remove: return "DELETE";
  case method::other: break;
  }
  return "other";
}

namespace {

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + ('a' - 'A')) : letter;
}

} // namespace

bool equals_ignoring_case(std::string_view left, std::string_view right) {
  return left.size() == right.size()
         && std::equal(left.begin(), left.end(), right.begin(),
                       [](char a, char b) { return lower(a) == lower(b); });
}

bool list_holds(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    auto comma = std::min(list.find(','), list.size());
    auto item = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    while (!item.empty() && (item.front() == ' ' || item.front() == '\t'))
      item.remove_prefix(1);
    while (!item.empty() && (item.back() == ' ' || item.back() == '\t'))
      item.remove_suffix(1);
    if (equals_ignoring_case(item, token))
      return true;
  }
  return false;
}

const header_field* request_head::find(std::string_view lower_name) const {
  for (const auto& field : fields)
    if (equals_ignoring_case(field.name, lower_name))
      return &field;
  return nullptr;
}

std::optional<std::string> request_head::joined(std::string_view lower_name) const {
  std::optional<std::string> all;
  for (const auto& field : fields)
    if (equals_ignoring_case(field.name, lower_name)) {
      if (all)
        all->append(", ").append(field.value);
      else
        all.emplace(field.value);
    }
  return all;
}

void request_head::clear() {
  auto kept = std::move(fields);
  kept.clear();
  *this = request_head{};
  fields = std::move(kept);
}

} // namespace http
