// SPDX-License-Identifier: Apache-2.0
#include "tools/aspen-backup/retention.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>

namespace aspen_backup {

namespace {

constexpr std::int64_t seconds_a_day = 86'400;
constexpr std::uint64_t count_max = 100'000;

std::int64_t floor_divide(std::int64_t left, std::int64_t right) {
  return left / right - (left % right < 0 ? 1 : 0);
}

std::int64_t day_of(std::int64_t at) {
  return floor_divide(at, seconds_a_day);
}

/// Day 0, the first of January 1970, was a Thursday.
std::int64_t week_of(std::int64_t at) {
  constexpr std::int64_t days_since_monday = 3;
  return floor_divide(day_of(at) + days_since_monday, 7);
}

template <class Span>
void keep_newest_of_each(const std::vector<std::int64_t>& created_at,
                         const std::vector<std::size_t>& newest_first, std::uint64_t count,
                         Span span_of, std::vector<bool>& stays) {
  std::optional<std::int64_t> last;
  for (auto each : newest_first) {
    auto span = span_of(created_at[each]);
    if (last == span)
      continue;
    if (count-- == 0)
      return;
    last = span;
    stays[each] = true;
  }
}

} // namespace

outcome<retention> parse_retention(std::string_view text) {
  auto wrong = [text](const std::string& why) {
    return fail(exit_status::usage,
                "--retain '" + std::string(text) + "': " + why + "; expected daily=N,weekly=M");
  };
  retention made;
  for (auto rest = text; !rest.empty();) {
    auto comma = std::min(rest.find(','), rest.size());
    auto part = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    auto equals = std::min(part.find('='), part.size());
    auto name = part.substr(0, equals);
    auto number = part.substr(std::min(equals + 1, part.size()));
    std::uint64_t count = 0;
    auto [end, fault] = std::from_chars(number.data(), number.data() + number.size(), count);
    if (fault != std::errc{} || end != number.data() + number.size() || count > count_max)
      return wrong("'" + std::string(number) + "' is no count");
    if (name != "daily" && name != "weekly")
      return wrong("'" + std::string(name) + "' is neither daily nor weekly");
    (name == "daily" ? made.daily : made.weekly) = count;
  }
  if (made.daily == 0 && made.weekly == 0)
    return wrong("it keeps nothing");
  return made;
}

std::vector<bool> kept(const std::vector<std::int64_t>& created_at, const retention& what) {
  std::vector<std::size_t> newest_first(created_at.size());
  std::iota(newest_first.begin(), newest_first.end(), std::size_t{0});
  std::stable_sort(newest_first.begin(), newest_first.end(),
                   [&](auto left, auto right) { return created_at[left] > created_at[right]; });
  std::vector<bool> stays(created_at.size(), false);
  keep_newest_of_each(created_at, newest_first, what.daily, day_of, stays);
  keep_newest_of_each(created_at, newest_first, what.weekly, week_of, stays);
  return stays;
}

} // namespace aspen_backup
