// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "storage/judgement.hpp"
#include "storage/log_store.hpp"
#include "storage/state_machine.hpp"

/// The rules that bind the two stores to one story (two stores, one truth: rule 4), in the words
/// that operators look for, whether the stores are closed or running. Pure.
namespace storage {

/// INV-75: the state holds nothing but what is committed. A pending install has announced its own
/// point as committed.
void judge_last_applied(raft::log_index last_applied, raft::log_index commit_index,
                        const std::optional<pending_install>& pending, judgement& out);

/// INV-76: nothing is missing between the state and the log.
void judge_reach(raft::log_index last_applied, raft::log_index snapshot_point, judgement& out);

/// INV-77: the same entry stands at `last_applied` in both stores; INV-78: under the same
/// membership, asked only where the first holds. `in_log`: what the log has at that index.
void judge_agreement(const state_meta& state, const raft::snapshot_point& in_log, judgement& out);

} // namespace storage
