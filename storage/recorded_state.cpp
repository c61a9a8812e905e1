// SPDX-License-Identifier: Apache-2.0
#include "storage/recorded_state.hpp"

#include <utility>

namespace storage {

identity recorded_state::identity() const {
  auto whole = local.identity;
  whole.cluster_id = replicated.cluster_id;
  return whole;
}

base::result<recorded_state> recorded_from(value_table meta_values, value_table local_values) {
  auto replicated = replicated_from(meta_values);
  if (!replicated)
    return base::fail(replicated.error());
  auto local = local_from(local_values);
  if (!local)
    return base::fail(local.error());
  return recorded_state{std::move(meta_values), std::move(local_values), std::move(*replicated),
                        *local};
}

base::status check_seals(const recorded_state& recorded) {
  for (const auto& [name, values] : {std::pair{"state_machine_meta", &recorded.meta_values},
                                     std::pair{"node_local", &recorded.local_values}})
    if (!is_sealed(*values))
      return base::fail(base::errc::corrupt,
                        std::string("INV-55: the values of ") + name
                            + " do not match their seal; last_applied_log reads "
                            + last_applied_text(recorded.replicated.meta.last_applied));
  return {};
}

base::status check_same_cluster(const recorded_state& recorded, const identity& identity) {
  if (recorded.replicated.cluster_id == identity.cluster_id)
    return {};
  return base::fail(base::errc::incompatible,
                    "the snapshot is of cluster " + to_string(recorded.replicated.cluster_id)
                        + ", this node of " + to_string(identity.cluster_id));
}

} // namespace storage
