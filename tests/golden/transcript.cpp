// SPDX-License-Identifier: Apache-2.0
#include "tests/golden/transcript.hpp"

#include <vector>

namespace golden {

namespace {

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    auto end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

} // namespace

std::string retell(std::string_view text, const performer& perform) {
  std::string retold;
  auto lines = lines_of(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    retold += lines[i] + "\n";
    if (lines[i].empty() || lines[i].starts_with("#"))
      continue;
    auto printed = perform(lines[i]);
    retold += "----\n" + printed + "\n";
    // What it printed when the transcript was written, up to and with the empty line.
    if (i + 1 < lines.size() && lines[i + 1] == "----")
      while (++i + 1 < lines.size() && !lines[i + 1].empty()) {
      }
    if (i + 1 < lines.size() && lines[i + 1].empty())
      ++i;
  }
  while (retold.ends_with("\n\n"))
    retold.pop_back();
  return retold;
}

std::optional<std::string> first_difference(std::string_view told, std::string_view retold) {
  if (told == retold)
    return std::nullopt;
  auto before = lines_of(told);
  auto now = lines_of(retold);
  std::size_t at = 0;
  while (at < before.size() && at < now.size() && before[at] == now[at])
    ++at;
  auto line = [at](const std::vector<std::string>& lines) {
    return at < lines.size() ? lines[at] : std::string("(end)");
  };
  return "line " + std::to_string(at + 1) + "\n  told: " + line(before) + "\n  now:  " + line(now);
}

} // namespace golden
