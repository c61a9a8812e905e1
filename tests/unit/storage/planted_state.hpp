// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "tests/support/store_damage.hpp"

namespace tests {

/// A state of the files that somebody or something left, and what is to be said of it.
struct planted_state {
  const char* name;
  storage::verdict verdict;
  const char* rule; ///< that is violated; empty: none is
  /// Gets a node that lived and was closed, with a WAL and a compactable log.
  std::function<void(two_stores&)> plant;
  storage::backend backend = storage::backend::sqlite;
  std::uint64_t voters = 1;
};

/// Keys 0 to 29 before the last checkpoint, 30 to 37 after it. Index 39 is the last.
inline void live(two_stores& stores) {
  stores.put_many(30);
  stores.checkpoint();
  for (int i = 30; i < 38; ++i)
    stores.put("key" + std::to_string(i), std::string(200, 'v'));
  stores.close();
}

std::vector<planted_state> bad_state_machines();
std::vector<planted_state> bad_logs();
std::vector<planted_state> bad_pairs();
std::vector<planted_state> odd_states();

} // namespace tests
