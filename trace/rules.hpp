// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "trace/evidence.hpp"
#include "trace/findings.hpp"

/// The rules of trace/checker.hpp, each over what one process recorded; beside each stands why what
/// it takes for a contradiction is one. An actor is sequential and the steady clock is one for all
/// threads: times within a process order what came from what.
namespace trace {

/// A mailbox keeps the order of one sender. Messages that were left in it for later (`skipped`) and
/// the library's own, which have a priority, are no part of that.
void check_sender_order(const evidence& all, findings& into);

/// `received` in an actor's name after `exited`, before it was spawned again.
void check_exit(const evidence& all, findings& into);

/// `http_ended` twice, or without its `http_began`; `http_began` without an end, where the process
/// ended in order.
void check_requests(const evidence& all, findings& into);

/// Two elections won in one term (thesis 3.4); `all` are the processes of any number of nodes.
void check_leaders(const std::vector<evidence>& all, findings& into);

/// A vote that is given or asked for, and entries that are acknowledged, against what the log store
/// had made durable until then (INV-98, thesis 3.4 and 3.5).
void check_replies(const evidence& all, findings& into);

/// The leader: entries it has not heard of from a majority, or that are not durable here where it
/// counts itself (thesis 3.6.2). Everybody else: beyond what the leader said.
void check_commits(const evidence& all, findings& into);

/// An apply began when the log did not say durably that all of it is committed (INV-50).
void check_applied(const evidence& all, findings& into);

/// Two checkpoints at once, or one of anybody but the storage writer.
void check_checkpoints(const evidence& all, findings& into);

} // namespace trace
