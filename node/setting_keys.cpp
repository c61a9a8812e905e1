// SPDX-License-Identifier: Apache-2.0
#include "node/setting_keys.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include <fmt/format.h>

namespace node {

namespace {

// What a user may write as a count or an id fits a TOML integer.
constexpr std::uint64_t integer_most = std::numeric_limits<std::int64_t>::max();

std::string join_choices(const std::vector<std::string_view>& choices) {
  std::string joined;
  for (std::size_t i = 0; i < choices.size(); ++i)
    joined += fmt::format("{}\"{}\"",
                          i == 0                    ? ""
                          : i + 1 == choices.size() ? " or "
                                                    : ", ",
                          choices[i]);
  return joined;
}

struct allowed_text {
  const key_spec& key;

  std::string operator()(member_of<bool>) const { return "true or false"; }
  std::string operator()(member_of<std::uint64_t>) const {
    return key.range.most == integer_most
               ? fmt::format("{} or more", key.range.least)
               : fmt::format("{} to {}", key.range.least, key.range.most);
  }
  std::string operator()(member_of<std::string>) const { return "text"; }
  std::string operator()(member_of<byte_size>) const {
    auto least = byte_size{key.range.least};
    auto most = byte_size{key.range.most};
    if (key.is_megabytes)
      return fmt::format("{} to {} (MB), or a text with a unit", least.bytes >> 20,
                         most.bytes >> 20);
    return fmt::format("\"{}\" to \"{}\"", to_string(least), to_string(most));
  }
  std::string operator()(member_of<std::chrono::milliseconds>) const {
    return fmt::format("\"{}\" to \"{}\"", to_string(std::chrono::milliseconds(key.range.least)),
                       to_string(std::chrono::milliseconds(key.range.most)));
  }
  std::string operator()(member_of<endpoint>) const { return "\"host:port\""; }
  std::string operator()(member_of<std::optional<daily_window>>) const {
    return "\"\" or a time of day (UTC) as in \"02:00-04:00\"";
  }
  std::string operator()(member_of<std::vector<std::string>>) const { return "a list of texts"; }
  std::string operator()(const choice_member&) const { return join_choices(key.choices); }
};

/// Levenshtein's distance, one row at a time.
std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= left.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      auto replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

} // namespace

std::string key_spec::full_name() const {
  return fmt::format("{}.{}", section, name);
}

std::string key_spec::environment_name() const {
  auto text = section == "cluster" ? fmt::format("ASPEN_{}", name)
                                   : fmt::format("ASPEN_{}_{}", section, name);
  std::ranges::transform(text, text.begin(), [](char letter) {
    return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  });
  return text;
}

std::string key_spec::allowed() const {
  return std::visit(allowed_text{*this}, member);
}

const key_spec* find_key(std::string_view section, std::string_view name) {
  for (const auto& each : all_keys())
    if (each.section == section && each.name == name)
      return &each;
  return nullptr;
}

std::string nearest(std::string_view wrong, std::span<const std::string> candidates) {
  std::string best;
  std::size_t best_distance = std::numeric_limits<std::size_t>::max();
  for (const auto& each : candidates) {
    auto distance = edit_distance(wrong, each);
    if (distance < best_distance && distance <= std::max(wrong.size(), each.size()) / 3) {
      best = each;
      best_distance = distance;
    }
  }
  return best;
}

} // namespace node
