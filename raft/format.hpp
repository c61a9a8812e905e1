// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "raft/core.hpp"
#include "raft/messages.hpp"
#include "raft/ready.hpp"

/// Stable text for golden transcripts, logs and traces. One line each, except `ready`,
/// which takes one line for each thing it asks for. Payloads appear by size, or as they
/// are when they are short and printable.
namespace raft {

std::string_view to_string(role_name role);
std::string_view to_string(entry_kind kind);
std::string_view to_string(event::kind what);
std::string_view to_string(progress::mode mode);
std::string_view to_string(membership_refusal why);
std::string_view to_string(transfer_refusal why);

/// "index/term": `7/2`.
std::string to_string(const entry_id& id);
/// `7/2 command "x=1"`.
std::string to_string(const entry& what);
/// `term=3 vote=1 commit=7`.
std::string to_string(const hard_state& state);
/// `voters=1,2,3 learners=4`.
std::string to_string(const membership& members);
/// The RPC's name and its arguments: `request_vote term=2 last=1/0 pre_vote`.
std::string to_string(const message& body);
std::string to_string(const propose_outcome& outcome);
std::string to_string(const membership_outcome& outcome);
std::string to_string(const transfer_outcome& outcome);
std::string to_string(const core_status& status);
/// Empty for an empty `ready`; every line ends with a newline.
std::string to_string(const ready& owed);

} // namespace raft
