// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/row_changes.hpp"
#include "storage/state_machine.hpp"

namespace actors {

/// The sum of the digests of all rows at one moment, from pages that were read at different moments and what was
/// changed in between (INV-144). Pure.
class row_sum {
public:
  /// The next page, in the order of keys, and all that was changed between the answers to this call and the one
  /// before. Requires: nothing was changed before the first page that `changes` does not hold; `changes`
  /// reaches at least to `page.at`. Null: not all is known, and there is no sum.
  void take(const storage::scan_page& page, const std::vector<storage::row_change>* changes);

  /// After the last page: the sum after the last change taken; nothing when there is none.
  std::optional<storage::state_digest> finish();

private:
  /// Those up to `until` that concern rows already summed; later ones wait.
  void follow(storage::revision until);

  storage::state_digest sum_;
  std::optional<std::string> last_key_; ///< of the page before
  std::vector<storage::row_change> waiting_;
  bool is_void_ = false;
};

} // namespace actors
