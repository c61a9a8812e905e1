// SPDX-License-Identifier: Apache-2.0
#include "tools/common/printer.hpp"

#include <algorithm>
#include <cstdio>

#include "base/check.hpp"

namespace tools {

namespace {

/// Characters, not bytes: whatever does not continue a character counts.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

} // namespace

void text_table::add(std::vector<std::string> cells) {
  BASE_CHECK(cells.size() == rows_.front().size(), "a row is as wide as the head");
  rows_.push_back(std::move(cells));
}

std::string text_table::to_string() const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width_of(row[i]));
  std::string made;
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      made += row[i];
      if (i + 1 < row.size())
        made.append(widths[i] - width_of(row[i]) + 2, ' ');
    }
    made += '\n';
  }
  return made;
}

std::string as_cell(std::string_view text) {
  if (text.empty())
    return "-";
  std::string made(text);
  std::replace_if(
      made.begin(), made.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return made;
}

std::string cell(const nlohmann::ordered_json& object, const char* member) {
  auto found = object.find(member);
  if (found == object.end() || found->is_null())
    return "-";
  if (found->is_boolean())
    return found->get<bool>() ? "yes" : "no";
  if (found->is_string())
    return as_cell(found->get<std::string>());
  return as_cell(found->dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void print_json(const nlohmann::ordered_json& value) {
  print(value.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

bool finish_output() {
  return std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
}

} // namespace tools
