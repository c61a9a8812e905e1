// SPDX-License-Identifier: Apache-2.0
#include "node/settings_print.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.hpp"
#include "node/setting_assign.hpp"

namespace node {

namespace {

constexpr std::size_t line_width = 88;

/// `text` in comment lines of at most `line_width` columns.
std::string comment(std::string_view text) {
  std::string lines;
  std::string line = "#";
  while (!text.empty()) {
    auto space = text.find(' ');
    auto word = text.substr(0, space);
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    if (line.size() + 1 + word.size() > line_width) {
      lines += line + "\n";
      line.resize(1); // the "#" of the next line
    }
    line.append(1, ' ').append(word);
  }
  return lines + line + "\n";
}

/// The default as it would stand in a file; its {places} stay as they are.
std::string default_in_file(const key_spec& key, const settings& defaults) {
  bool is_text = std::holds_alternative<member_of<std::string>>(key.member);
  return is_text ? quote(key.default_text) : print_value(key, defaults);
}

} // namespace

std::string print_settings(const loaded_settings& loaded) {
  std::string text;
  std::string_view section;
  for (const auto& each : all_keys()) {
    if (each.section != section) {
      text += fmt::format("{}[{}]\n", section.empty() ? "" : "\n", each.section);
      section = each.section;
    }
    auto setting = fmt::format("{} = {}", each.name, print_value(each, loaded.values));
    text += fmt::format("{:<56} # {}\n", setting, loaded.origins.at(each.full_name()).text());
  }
  return text;
}

std::string print_example(std::string_view intro,
                          const std::map<std::string, std::string>& chosen) {
  auto defaults = load_settings({});
  std::string text = comment(intro);
  std::size_t found = 0;
  std::string_view section;
  for (const auto& each : all_keys()) {
    if (each.section != section)
      text += fmt::format("\n[{}]\n", each.section);
    section = each.section;
    auto standard = default_in_file(each, defaults->values);
    auto choice = chosen.find(each.full_name());
    bool is_chosen = choice != chosen.end();
    found += is_chosen ? 1 : 0;
    text += fmt::format("\n{}#{} Allowed: {}. Environment: {}.{}\n{}{} = {}\n", comment(each.help),
                        is_chosen ? fmt::format(" Default: {}.", standard) : "", each.allowed(),
                        each.environment_name(), each.is_reloaded ? " SIGHUP changes it." : "",
                        is_chosen ? "" : "#", each.name, is_chosen ? choice->second : standard);
  }
  BASE_CHECK(found == chosen.size(), "every key that an example sets is one");
  return text;
}

} // namespace node
