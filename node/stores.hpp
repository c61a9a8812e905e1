// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "node/settings.hpp"
#include "storage/cross_check.hpp"
#include "storage/log_scan.hpp"
#include "storage/log_store.hpp"
#include "storage/state_machine.hpp"

/// Opens the stores of the configured backend, and makes them where there are none. Each
/// call runs on the thread of the actor that will own the store, after the gate said yes.
namespace node {

/// Who founds the cluster of that identity together, in lives that are not known yet: what
/// `initial_members` names, when it describes that cluster; else none, and a warning says so.
std::vector<raft::member> founders_of(const settings& all, const storage::identity& identity);

/// Whether a log is there: this server has been somebody before. False for a backend that
/// keeps nothing.
bool has_log(const settings& all);

/// The log. A missing one is made, as a new incarnation: empty, of the cluster `joined`,
/// where one is given, else of the one that `initial_members` describes, which is founded
/// when all of them have met; else as the sole voter of a new cluster. An existing log whose state machine is gone forgets its
/// checkpoint marks, so that it can be replayed from its start.
/// An install that a crash interrupted goes on first, as `check` found it (rule 17).
base::result<std::unique_ptr<storage::log_store>> open_log(const settings& all,
                                                           const std::optional<base::uuid>& joined,
                                                           storage::log_verification how,
                                                           const storage::check_report& check);

/// The state machine of the log with that identity. A missing one is made empty; the
/// protocol then replays the log into it. `check` is the gate's report that lets the group
/// start: where it says so, the WAL is set aside first (two stores, one truth: rule 12).
base::result<std::unique_ptr<storage::state_machine>> open_state(
    const settings& all, const storage::identity& identity, const storage::check_report& check);

/// The files of a snapshot on its way lie beside this state machine; for the backend
/// `inmemory` in a directory of the process's own below the system's temporary one.
storage::store_paths transfer_stores_of(const settings& all);

/// Puts the prepared snapshot file of that name in the place of the state machine, which was
/// closed, and opens it (two stores, one truth: rule 16, step 3).
base::result<std::unique_ptr<storage::state_machine>> install_state(
    const settings& all, const storage::identity& identity, const std::string& file);

/// What this process still holds open of the stores, for a person; nothing when all is closed.
std::optional<std::string> describe_open_stores();

} // namespace node
