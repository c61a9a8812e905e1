// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/tagged.hpp"
#include "raft/types.hpp"
#include "transport/bounds.hpp"

/// How each type of field stands in a body: numbers least significant byte first, flags as
/// 0 or 1, text and bytes behind their length in four bytes, structs as their fields in
/// order. There is one form only: whatever is read and written again is the same bytes.
namespace transport::wire {

/// Which fields a struct has on the wire, in order: a specialisation holds
/// `static constexpr auto fields = std::tuple{&T::first, …}`.
template <class T>
struct layout;

/// Converts to anything: stands for a field's initialiser when fields are counted.
struct any_field {
  template <class Field>
  operator Field() const; // NOLINT(google-explicit-constructor)
};

/// How many fields an aggregate has.
template <class Struct, class... Fields>
consteval std::size_t count_fields() {
  if constexpr (requires { Struct{Fields{}..., any_field{}}; })
    return count_fields<Struct, Fields..., any_field>();
  else
    return sizeof...(Fields);
}

/// Whether the layout forgets none: a field that is added to a message has to be added here.
template <class Struct>
inline constexpr bool is_whole =
    count_fields<Struct>() == std::tuple_size_v<decltype(layout<Struct>::fields)>;

/// The greatest value of an enumeration that is accepted; a specialisation is required.
template <class Enum>
struct enum_max;

template <>
struct enum_max<raft::entry_kind> {
  // Kinds of a newer program are stored and forwarded as they are; apply stops at them.
  static constexpr std::uint8_t value = 255;
};

template <>
struct layout<raft::entry_id> {
  static constexpr auto fields = std::tuple{&raft::entry_id::index, &raft::entry_id::term};
};

template <>
struct layout<raft::entry> {
  static constexpr auto fields =
      std::tuple{&raft::entry::id,    &raft::entry::kind,      &raft::entry::leader_time_ms,
                 &raft::entry::trace, &raft::entry::client_id, &raft::entry::sequence,
                 &raft::entry::chain, &raft::entry::payload};
};
/// Of an entry with an empty payload.
inline constexpr std::size_t entry_bytes_min = 77;

template <>
struct layout<raft::snapshot_point> {
  static constexpr auto fields = std::tuple{&raft::snapshot_point::id, &raft::snapshot_point::chain,
                                            &raft::snapshot_point::membership};
};

template <>
struct layout<raft::digest_point> {
  static constexpr auto fields = std::tuple{
      &raft::digest_point::index, &raft::digest_point::version, &raft::digest_point::lanes};
};

/// Appends fields to a body.
class writer {
public:
  explicit writer(base::bytes& out) : out_(out) {}

  void put(bool flag) { base::put_little(out_, static_cast<std::uint8_t>(flag ? 1 : 0)); }
  template <std::unsigned_integral Number>
  void put(Number number) {
    base::put_little(out_, number);
  }
  template <class Enum>
    requires std::is_enum_v<Enum>
  void put(Enum value) {
    base::put_little(out_, static_cast<std::uint8_t>(value));
  }
  template <class Tag>
  void put(const base::tagged_id<Tag>& id) {
    base::put_little(out_, id.value);
  }
  template <class Tag>
  void put(const base::tagged_position<Tag>& at) {
    base::put_little(out_, at.value);
  }
  void put(const base::uuid& id) { id.append_to(out_); }
  void put(const base::hash128& hash) { hash.append_to(out_); }
  void put(const base::bytes& bytes) {
    base::put_little(out_, static_cast<std::uint32_t>(bytes.size()));
    out_ += bytes;
  }
  void put(const raft::payload& payload) { put(payload.bytes()); }
  void put(const raft::membership& members) { put(raft::encode(members)); }
  template <class Each, std::size_t Count>
  void put(const std::array<Each, Count>& all) {
    for (const auto& each : all)
      put(each);
  }
  template <class Each>
  void put(const std::vector<Each>& list) {
    base::put_little(out_, static_cast<std::uint32_t>(list.size()));
    for (const auto& each : list)
      put(each);
  }
  template <class Value>
  void put(const std::optional<Value>& value) {
    put(value.has_value());
    if (value)
      put(*value);
  }
  template <class... Each>
  void put(const std::variant<Each...>& one) {
    base::put_little(out_, static_cast<std::uint8_t>(one.index()));
    std::visit([this](const auto& body) { put(body); }, one);
  }
  template <class Struct>
    requires requires { layout<Struct>::fields; }
  void put(const Struct& body) {
    static_assert(is_whole<Struct>, "a field of this struct does not travel: see its layout");
    std::apply([&](auto... field) { (put(body.*field), ...); }, layout<Struct>::fields);
  }

private:
  base::bytes& out_;
};

/// Reads fields of a body. Refuses, with a reason, what no writer makes; from then on it
/// yields zeros. Allocates only for bytes that are there (INV-130), never throws but for
/// lack of memory (INV-131).
class reader {
public:
  explicit reader(base::byte_view body) : in_(body) {}

  /// Empty while nothing was refused.
  std::string_view refusal() const {
    return in_.ok() ? refusal_ : std::string_view("it ends too early");
  }
  bool ok() const { return in_.ok() && refusal_.empty(); }
  bool at_end() const { return in_.rest().empty(); }
  void refuse(std::string_view reason) {
    if (refusal_.empty())
      refusal_ = reason;
  }

  void take(bool& flag) {
    auto number = in_.little<std::uint8_t>();
    if (number > 1)
      refuse("a flag is neither 0 nor 1");
    flag = number == 1;
  }
  template <std::unsigned_integral Number>
  void take(Number& number) {
    number = in_.little<Number>();
  }
  template <class Enum>
    requires std::is_enum_v<Enum>
  void take(Enum& value) {
    auto number = in_.little<std::uint8_t>();
    if (number > enum_max<Enum>::value)
      refuse("a value of a field is not known");
    else
      value = static_cast<Enum>(number);
  }
  template <class Tag>
  void take(base::tagged_id<Tag>& id) {
    id.value = in_.little<std::uint64_t>();
  }
  template <class Tag>
  void take(base::tagged_position<Tag>& at) {
    at.value = in_.little<std::uint64_t>();
  }
  void take(base::uuid& id) { id = base::uuid::read_from(in_); }
  void take(base::hash128& hash) { hash = base::hash128::read_from(in_); }
  void take(base::bytes& bytes) { bytes = take_bytes(); }
  void take(raft::payload& payload) {
    if (auto bytes = take_bytes(); !bytes.empty())
      payload = raft::payload(base::bytes(bytes));
  }
  void take(raft::membership& members) {
    if (!raft::decode(take_bytes(), members))
      refuse("a membership cannot be decoded");
  }
  template <class Each, std::size_t Count>
  void take(std::array<Each, Count>& all) {
    for (auto& each : all)
      take(each);
  }
  void take(std::vector<raft::entry>& entries) {
    auto count = in_.little<std::uint32_t>();
    if (count > bounds::entries_per_message_max)
      return refuse("it holds more entries than a message may");
    if (count > in_.rest().size() / entry_bytes_min)
      return refuse("it is too short for the entries it announces");
    entries.resize(count);
    for (auto& each : entries)
      if (ok())
        take(each);
  }
  template <class Value>
  void take(std::optional<Value>& value) {
    bool is_there = false;
    take(is_there);
    if (is_there && ok())
      take(value.emplace());
  }
  template <class... Each>
  void take(std::variant<Each...>& one) {
    take_alternative(one, in_.little<std::uint8_t>(), std::index_sequence_for<Each...>{});
  }
  template <class Struct>
    requires requires { layout<Struct>::fields; }
  void take(Struct& body) {
    std::apply([&](auto... field) { (take(body.*field), ...); }, layout<Struct>::fields);
  }

private:
  base::byte_view take_bytes() { return in_.take(in_.little<std::uint32_t>()); }

  template <class Variant, std::size_t... Index>
  void take_alternative(Variant& one, std::size_t chosen, std::index_sequence<Index...>) {
    bool is_known = ((Index == chosen && (take(one.template emplace<Index>()), true)) || ...);
    if (!is_known)
      refuse("a choice of a field is not known");
  }

  base::byte_reader in_;
  std::string_view refusal_;
};

} // namespace transport::wire
