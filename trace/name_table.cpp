// SPDX-License-Identifier: Apache-2.0
#include "trace/name_table.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>

namespace trace {

namespace {

constexpr std::size_t name_bytes_max = 255;

/// A name that the calling thread has asked for before, in which ring.
struct known_name {
  const layout::header* place = nullptr;
  std::uint64_t began_ns = 0; ///< tells rings apart that were at one address
  std::string name;
  name_id id = 0;

  bool is(const layout::header& wanted_place, std::string_view wanted) const {
    return place == &wanted_place && began_ns == wanted_place.steady_ns && name == wanted;
  }
};

known_name& place_of(std::string_view name) {
  thread_local std::array<known_name, 256> known;
  return known[std::hash<std::string_view>()(name) % known.size()];
}

} // namespace

name_table::name_table(layout::header& place) : place_(place) {
  known_.emplace("", name_id{0});
  add(overflow_name);
}

name_id name_table::id_of(std::string_view name) {
  name = name.substr(0, name_bytes_max);
  auto& known = place_of(name);
  if (known.is(place_, name))
    return known.id;
  std::lock_guard guard(mutex_);
  auto found = known_.find(name);
  auto id = found != known_.end() ? found->second : add(name);
  known = {&place_, place_.steady_ns, std::string(name), id};
  return id;
}

name_id name_table::id_of_text(std::string_view text) {
  constexpr std::size_t text_bytes_max = 120;
  text = text.substr(0, text_bytes_max);
  std::lock_guard guard(mutex_);
  if (auto found = known_.find(text); found != known_.end())
    return found->second;
  if (texts_bytes_ + text.size() + 1 > texts_bytes_max) {
    texts_left_out_.fetch_add(1, std::memory_order_relaxed);
    return known_.at(std::string(overflow_name));
  }
  texts_bytes_ += text.size() + 1;
  return add(text);
}

name_id name_table::add(std::string_view name) {
  auto used = place_.names_used.load(std::memory_order_relaxed);
  if (used + 1 + name.size() > place_.names.size())
    return known_.at(std::string(overflow_name));
  place_.names[used] = static_cast<char>(name.size());
  std::memcpy(place_.names.data() + used + 1, name.data(), name.size());
  place_.names_used.store(used + 1 + name.size(), std::memory_order_release);
  return known_.emplace(name, static_cast<name_id>(known_.size())).first->second;
}

std::vector<std::string> read_names(const layout::header& place) {
  std::vector<std::string> names{""};
  auto used =
      std::min<std::uint64_t>(place.names_used.load(std::memory_order_acquire), place.names.size());
  for (std::size_t at = 0; at < used;) {
    auto size = static_cast<unsigned char>(place.names[at]);
    if (at + 1 + size > used)
      break;
    names.emplace_back(place.names.data() + at + 1, size);
    at += 1 + size;
  }
  return names;
}

} // namespace trace
