// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "storage/lmdb_env.hpp"
#include "storage/lmdb_state_file.hpp"
#include "storage/state_machine.hpp"

namespace storage {

/// A reader of `state-machine.lmdb`. Each call is one read transaction; every row with a
/// value is checked against its digest (INV-56).
std::unique_ptr<state_reader> make_lmdb_reader(std::shared_ptr<lmdb_environment> environment,
                                               const lmdb_state_tables& tables);

} // namespace storage
