// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <type_traits>
#include <variant>
#include <vector>

#include "transport/message_layout.hpp"

namespace tests {

/// Fills every field the wire knows with something, the same for the same seed. A message that
/// is added to the layouts is filled without a change here.
class wire_samples {
public:
  explicit wire_samples(std::uint64_t seed) : chance_(seed) {}

  raft::message message() { return alternative<raft::message>(number()); }
  /// The alternative with that index modulo their count.
  raft::message message(std::uint64_t index) { return alternative<raft::message>(index); }

  std::uint64_t number() { return chance_(); }
  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : chance_() % bound; }
  std::string bytes(std::size_t size_max) {
    std::string out(below(size_max + 1), '\0');
    for (auto& each : out)
      each = static_cast<char>(chance_());
    return out;
  }

  void fill(bool& flag) { flag = below(2) == 1; }
  template <std::unsigned_integral Number>
  void fill(Number& out) {
    out = static_cast<Number>(number());
  }
  template <class Enum>
    requires std::is_enum_v<Enum>
  void fill(Enum& out) {
    out = static_cast<Enum>(below(transport::wire::enum_max<Enum>::value + 1));
  }
  template <class Tag>
  void fill(base::tagged_id<Tag>& id) {
    id.value = number();
  }
  template <class Tag>
  void fill(base::tagged_position<Tag>& at) {
    at.value = number();
  }
  void fill(base::uuid& id) {
    for (auto& each : id.octets)
      each = static_cast<std::uint8_t>(number());
  }
  void fill(base::hash128& hash) { hash = {number(), number()}; }
  void fill(std::string& out) { out = bytes(40); }
  void fill(raft::payload& out) { out = raft::payload(bytes(300)); }
  void fill(raft::membership& out) {
    for (auto* set : {&out.voters, &out.outgoing_voters, &out.learners})
      for (auto count = below(4); count > 0; --count) {
        raft::member each;
        fill(each.id);
        fill(each.incarnation);
        each.raft_addr = "127.0.0.1:" + std::to_string(below(65536));
        each.http_addr = bytes(20);
        set->push_back(each);
      }
  }
  template <class Each, std::size_t Count>
  void fill(std::array<Each, Count>& out) {
    for (auto& each : out)
      fill(each);
  }
  template <class Each>
  void fill(std::vector<Each>& out) {
    out.resize(below(6));
    for (auto& each : out)
      fill(each);
  }
  template <class Value>
  void fill(std::optional<Value>& out) {
    if (below(2) == 1)
      fill(out.emplace());
  }
  template <class... Each>
  void fill(std::variant<Each...>& out) {
    out = alternative<std::variant<Each...>>(number());
  }
  template <class Struct>
    requires requires { transport::wire::layout<Struct>::fields; }
  void fill(Struct& out) {
    std::apply([&](auto... field) { (fill(out.*field), ...); },
               transport::wire::layout<Struct>::fields);
  }

private:
  template <class Variant>
  Variant alternative(std::uint64_t index) {
    Variant out;
    choose(out, index % std::variant_size_v<Variant>,
           std::make_index_sequence<std::variant_size_v<Variant>>{});
    return out;
  }
  template <class Variant, std::size_t... Index>
  void choose(Variant& out, std::size_t index, std::index_sequence<Index...>) {
    ((Index == index ? fill(out.template emplace<Index>()) : void()), ...);
  }

  std::mt19937_64 chance_;
};

/// A sender for frames that nobody checks the sender of.
inline transport::identity some_identity(std::uint64_t server = 1) {
  return {base::uuid_from_name("cluster"), raft::server_id{server},
          base::uuid_from_name("life of " + std::to_string(server)), base::uuid_from_name("boot")};
}

} // namespace tests
