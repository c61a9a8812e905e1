// SPDX-License-Identifier: Apache-2.0
#include "actors/message_trace.hpp"

#include <array>

namespace actors {

namespace {

std::string short_name(const std::type_info& type) {
  auto name = type_name(type);
  // Namespaces end before the first template argument.
  auto last = name.rfind("::", name.find('<'));
  return last == std::string::npos ? name : name.substr(last + 2);
}

struct known_type {
  std::uint64_t recorder = 0;
  const std::type_info* type = nullptr;
  trace::name_id name = 0;
};

} // namespace

trace::name_id name_of_type(trace::recorder& recorder, const std::type_info& type) {
  // Several times as many places as there are types, and a step aside for those that meet: to
  // make a name anew takes longer than all else that is done for a message.
  thread_local std::array<known_type, 512> known;
  constexpr std::size_t steps_max = 16;
  auto number = recorder.number();
  auto first = static_cast<std::size_t>(reinterpret_cast<std::uintptr_t>(&type) / alignof(void*));
  for (std::size_t i = 0; i < steps_max; ++i) {
    auto& place = known[(first + i) % known.size()];
    if (place.type == &type && place.recorder == number)
      return place.name;
    if (place.type == nullptr || place.recorder != number) {
      place = {number, &type, recorder.id_of(short_name(type))};
      return place.name;
    }
  }
  return recorder.id_of(short_name(type));
}

} // namespace actors
