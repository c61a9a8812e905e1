// SPDX-License-Identifier: Apache-2.0
#include "actors/lost_messages.hpp"

namespace actors {

std::vector<lost_messages::sample> lost_messages::samples() const {
  std::vector<sample> found;
  for (const auto& each : samples_)
    if (auto words = each.read()) {
      auto pointer = [&words](std::size_t at) { return static_cast<std::uintptr_t>((*words)[at]); };
      found.push_back({{reinterpret_cast<const std::type_info*>(pointer(0)),
                        reinterpret_cast<const char*>(pointer(1))},
                       static_cast<actor_number>((*words)[2]),
                       (*words)[3]});
    }
  return found;
}

} // namespace actors
