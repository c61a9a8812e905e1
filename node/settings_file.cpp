// SPDX-License-Identifier: Apache-2.0
#include "node/settings_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

#include <fmt/format.h>
#include <toml++/toml.h>

namespace node {

namespace {

constexpr std::size_t file_bytes_max = 1 << 20;

struct found_problem {
  unsigned line = 0;
  std::string text;
};
using found_problems = std::vector<found_problem>;

std::string place(const std::string& path, unsigned line) {
  return fmt::format("{}:{}", path, line);
}

/// Whole content; a problem when it cannot be had.
std::optional<std::string> read_text(const std::string& path, setting_problems& problems) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(file_bytes_max + 1, '\0');
  if (file)
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.eof()) {
    bool is_too_long = file.gcount() > static_cast<std::streamsize>(file_bytes_max);
    problems.push_back({path, is_too_long
                                  ? "longer than 1 MiB: no configuration file"
                                  : std::string("cannot be read: ") + std::strerror(errno)});
    return std::nullopt;
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

std::string type_name(const toml::node& node) {
  std::ostringstream out;
  out << node.type();
  return out.str();
}

raw_value to_raw(const toml::node& node) {
  if (const auto* text = node.as_string())
    return typed_text{text->get()};
  if (const auto* number = node.as_integer())
    return typed_number{number->get()};
  if (const auto* boolean = node.as_boolean())
    return typed_boolean{boolean->get()};
  const auto* array = node.as_array();
  if (!array)
    return typed_other{type_name(node)};
  typed_list list;
  for (const auto& each : *array) {
    const auto* text = each.as_string();
    if (!text)
      return typed_other{"list that holds a " + type_name(each)};
    list.items.push_back(text->get());
  }
  return list;
}

std::string suggest(std::string_view wrong, const std::vector<std::string>& candidates) {
  auto near = nearest(wrong, candidates);
  return near.empty() ? "" : fmt::format("; nearest: {}", near);
}

/// `full` is no key, but `name` is, in whatever section.
std::string unknown_key_like(std::string_view full, std::string_view name) {
  auto key = std::ranges::find(all_keys(), name, &key_spec::name);
  return fmt::format("unknown key {}; nearest: {} (in section [{}])", full, key->full_name(),
                     key->section);
}

/// What a key that does not exist there was meant to be: that name in another section,
/// else the nearest in its own, else the nearest of all.
std::string unknown_key(std::string_view section, std::string_view name) {
  auto full = fmt::format("{}{}{}", section, section.empty() ? "" : ".", name);
  std::vector<std::string> own;
  std::vector<std::string> all;
  std::vector<std::string> bare;
  for (const auto& each : all_keys()) {
    if (each.name == name)
      return unknown_key_like(full, name);
    if (each.section == section)
      own.emplace_back(each.name);
    all.push_back(each.full_name());
    bare.emplace_back(each.name);
  }
  if (auto near = nearest(name, own); !near.empty())
    return fmt::format("unknown key {}; nearest: {}.{}", full, section, near);
  if (auto near = nearest(name, bare); section.empty() && !near.empty())
    return unknown_key_like(full, near);
  auto later = section == "security" ? "; TLS and tokens for clients are not built yet" : "";
  return fmt::format("unknown key {}{}{}", full, later, suggest(full, all));
}

std::string unknown_section(const std::string& wrong, const std::vector<std::string>& names) {
  auto near = nearest(wrong, names);
  return fmt::format("unknown section [{}]{}", wrong,
                     near.empty() ? "" : fmt::format("; nearest: [{}]", near));
}

void read_section(std::string_view section, const toml::table& table,
                  std::vector<file_value>& values, found_problems& problems) {
  for (const auto& [name, node] : table) {
    unsigned line = node.source().begin.line;
    if (const auto* key = find_key(section, std::string_view(name)))
      values.push_back({key, to_raw(node), line});
    else
      problems.push_back({line, unknown_key(section, std::string_view(name))});
  }
}

void read_root(const toml::table& root, std::vector<file_value>& values, found_problems& problems) {
  std::vector<std::string> names(all_sections().begin(), all_sections().end());
  for (const auto& [name, node] : root) {
    unsigned line = node.source().begin.line;
    auto section = std::string(std::string_view(name));
    bool is_section = std::ranges::find(names, section) != names.end();
    const auto* table = node.as_table();
    if (is_section && table)
      read_section(section, *table, values, problems);
    else if (is_section)
      problems.push_back({line, fmt::format("{} is a section: write [{}] on a line of "
                                            "its own",
                                            section, section)});
    else if (table)
      problems.push_back({line, unknown_section(section, names)});
    else
      problems.push_back({line, unknown_key("", section)});
  }
}

} // namespace

std::vector<file_value> read_settings_file(const std::string& path, setting_problems& problems) {
  std::vector<file_value> values;
  auto text = read_text(path, problems);
  if (!text)
    return values;
  try {
    auto root = toml::parse(std::string_view(*text), path);
    found_problems found;
    read_root(root, values, found);
    // Tables are in the order of names; people read files from the top.
    std::ranges::stable_sort(values, {}, &file_value::line);
    std::ranges::stable_sort(found, {}, &found_problem::line);
    for (auto& each : found)
      problems.push_back({place(path, each.line), std::move(each.text)});
  } catch (const toml::parse_error& error) {
    problems.push_back({place(path, error.source().begin.line),
                        "no valid TOML: " + std::string(error.description())});
  }
  return values;
}

} // namespace node
