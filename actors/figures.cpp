// SPDX-License-Identifier: Apache-2.0
#include "actors/figures.hpp"

#include <algorithm>

namespace actors {

published_figures::reading published_figures::read() const {
  reading made;
  auto words = words_.read();
  if (!words)
    return made;
  const auto& seen = *words;
  made.published_ns = seen[0];
  auto count = std::min<std::uint64_t>(seen[1], figure_list::figures_max);
  for (std::size_t i = 0; i < count; ++i) {
    const auto* name = reinterpret_cast<const char*>(
        static_cast<std::uintptr_t>(seen[figure_list::head_words + 2 * i]));
    auto value = seen[figure_list::head_words + 2 * i + 1];
    if ((seen[2] >> i & 1) != 0)
      made.figures.push_back({name, std::string_view(reinterpret_cast<const char*>(
                                        static_cast<std::uintptr_t>(value)))});
    else
      made.figures.push_back({name, value});
  }
  return made;
}

} // namespace actors
