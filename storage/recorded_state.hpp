// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "storage/state_codec.hpp"
#include "storage/types.hpp"

namespace storage {

/// Everything a file records beside the rows, as of one read snapshot: as it stands in
/// the tables, and what it means.
struct recorded_state {
  value_table meta_values;
  value_table local_values;
  replicated_values replicated;
  storage::local_values local;

  /// Both tables name a part of it.
  storage::identity identity() const;
};

/// Errors: `corrupt` or `incompatible`, naming the value. A broken seal is not looked at.
base::result<recorded_state> recorded_from(value_table meta_values, value_table local_values);

/// Errors: `corrupt`, naming the table whose seal is broken (INV-55).
base::status check_seals(const recorded_state& recorded);

/// Errors: `incompatible` when a received file is of another cluster than `identity`.
base::status check_same_cluster(const recorded_state& recorded, const identity& identity);

} // namespace storage
