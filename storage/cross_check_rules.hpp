// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "storage/cross_check.hpp"
#include "storage/cross_check_evidence.hpp"
#include "storage/judgement.hpp"

/// The judgement of what was read: one function a rule, INV-70 to INV-86. Pure.
namespace storage {

/// What is settled before the rules about the state machine can be asked.
struct settled {
  install_step install = install_step::none;
  bool wal_must_be_set_aside = false;
  bool state_is_lost = false;
  bool state_must_be_set_aside = false;
  std::vector<raft::log_index> entries_to_repair;
  const state_evidence* state = nullptr; ///< the view that counts; nothing when it will be replaced
};

/// Both stores, or neither; a lost state machine is fetched where there are others (INV-70).
void judge_presence(const evidence& all, const check_options& options, settled& what,
                    judgement& out);
/// Where the stores are: on a file system that keeps its promises (INV-49); how much is free.
void judge_place(const evidence& all, judgement& out);
/// What could be read at all: INV-72, INV-73, INV-74, INV-84; that LMDB goes by the newer of
/// its meta pages (INV-86).
/// Damaged entries that another server can give again are no refusal (INV-47).
void judge_log(const evidence& all, const check_options& options, settled& what, judgement& out);
void judge_state(const evidence& all, const settled& what, const check_options& options,
                 judgement& out);
/// Whose stores they are (INV-71).
void judge_identity(const evidence& all, const settled& what, const check_options& options,
                    judgement& out);
/// What is to be done about a pending install (INV-82) and a WAL that lost frames
/// (INV-80, INV-81).
settled settle(const evidence& all, judgement& out);
/// One story: INV-75 to INV-79, INV-85. Requires: the log's marks and the state's facts were
/// read.
void judge_story(const evidence& all, const settled& what, judgement& out);
/// A state machine that the log has left behind (INV-76), or that lost frames of its WAL
/// (INV-80), is replaced whatever else is wrong with its pages, where the rest can be had:
/// from the log, or from another server. Requires: everything else was judged.
void judge_replacement(const evidence& all, const check_options& options, settled& what,
                       judgement& out);

} // namespace storage
