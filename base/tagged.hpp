// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace base {

/// A 64-bit identifier: it can be compared and hashed, and nothing else.
/// `Tag` makes two kinds of identifier two types.
template <class Tag>
struct tagged_id {
  std::uint64_t value = 0;

  constexpr tagged_id() = default;
  constexpr explicit tagged_id(std::uint64_t number) : value(number) {}
  friend constexpr auto operator<=>(const tagged_id&, const tagged_id&) = default;
};

/// A 64-bit position: positions can be compared, stepped and subtracted (which
/// yields a count), but two positions cannot be added.
template <class Tag>
struct tagged_position : tagged_id<Tag> {
  using tagged_id<Tag>::tagged_id;

  friend constexpr auto operator<=>(const tagged_position&, const tagged_position&) = default;

  constexpr tagged_position next() const { return tagged_position{this->value + 1}; }
  /// Requires: not the first position.
  constexpr tagged_position previous() const { return tagged_position{this->value - 1}; }
  friend constexpr tagged_position operator+(tagged_position at, std::uint64_t count) {
    return tagged_position{at.value + count};
  }
  /// Requires: `to >= from`.
  friend constexpr std::uint64_t operator-(tagged_position to, tagged_position from) {
    return to.value - from.value;
  }
};

} // namespace base

template <class Tag>
struct std::hash<base::tagged_id<Tag>> {
  std::size_t operator()(const base::tagged_id<Tag>& id) const noexcept {
    return std::hash<std::uint64_t>{}(id.value);
  }
};

template <class Tag>
struct std::hash<base::tagged_position<Tag>> {
  std::size_t operator()(const base::tagged_position<Tag>& at) const noexcept {
    return std::hash<std::uint64_t>{}(at.value);
  }
};
