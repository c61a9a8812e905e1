// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "raft/messages.hpp"
#include "transport/frame.hpp"
#include "transport/wire_fields.hpp"

/// Raft's messages on the wire: their frame types and their fields in order. A message
/// without an entry here does not compile.
namespace transport::wire {

template <>
struct layout<raft::request_vote> {
  using message = raft::request_vote;
  static constexpr auto type = frame_type::request_vote;
  static constexpr auto fields = std::tuple{&message::term, &message::last, &message::voter,
                                            &message::is_pre_vote, &message::is_transfer};
};

template <>
struct layout<raft::request_vote_reply> {
  using message = raft::request_vote_reply;
  static constexpr auto type = frame_type::request_vote_reply;
  static constexpr auto fields =
      std::tuple{&message::term, &message::is_granted, &message::is_pre_vote};
};

template <>
struct layout<raft::append_entries> {
  using message = raft::append_entries;
  static constexpr auto type = frame_type::append_entries;
  static constexpr auto fields = std::tuple{
      &message::term,       &message::previous, &message::previous_chain, &message::leader_commit,
      &message::read_round, &message::number,   &message::entries};
};

template <>
struct layout<raft::append_accepted> {
  static constexpr auto fields = std::tuple{&raft::append_accepted::match_index};
};
template <>
struct layout<raft::append_conflict> {
  static constexpr auto fields = std::tuple{
      &raft::append_conflict::rejected, &raft::append_conflict::hint, &raft::append_conflict::last};
};
template <>
struct layout<raft::append_diverged> {
  static constexpr auto fields = std::tuple{&raft::append_diverged::at};
};
template <>
struct layout<raft::append_entries_reply> {
  using message = raft::append_entries_reply;
  static constexpr auto type = frame_type::append_entries_reply;
  static constexpr auto fields = std::tuple{&message::term,       &message::outcome,
                                            &message::read_round, &message::state_machine_is_lost,
                                            &message::number,     &message::digest};
};

template <>
struct layout<raft::state_outvoted> {
  using message = raft::state_outvoted;
  static constexpr auto type = frame_type::state_outvoted;
  static constexpr auto fields = std::tuple{&message::term, &message::majority};
};

template <>
struct layout<raft::entry_request> {
  using message = raft::entry_request;
  static constexpr auto type = frame_type::entry_request;
  static constexpr auto fields = std::tuple{&message::term, &message::first, &message::last};
};

template <>
struct layout<raft::entry_reply> {
  using message = raft::entry_reply;
  static constexpr auto type = frame_type::entry_reply;
  static constexpr auto fields = std::tuple{&message::term, &message::first, &message::entries};
};

template <>
struct layout<raft::timeout_now> {
  using message = raft::timeout_now;
  static constexpr auto type = frame_type::timeout_now;
  static constexpr auto fields = std::tuple{&message::term};
};

template <>
struct layout<raft::forward_proposal> {
  using message = raft::forward_proposal;
  static constexpr auto type = frame_type::forward_proposal;
  static constexpr auto fields =
      std::tuple{&message::term,        &message::boot,  &message::number,
                 &message::deadline_ms, &message::trace, &message::payload};
};

template <>
struct layout<raft::proposal_placed> {
  static constexpr auto fields = std::tuple{&raft::proposal_placed::id};
};
template <>
struct layout<raft::not_leader> {
  static constexpr auto fields = std::tuple{&raft::not_leader::leader};
};
template <>
struct layout<raft::overloaded> {
  static constexpr auto fields = std::tuple{&raft::overloaded::limit, &raft::overloaded::actual};
};
template <>
struct layout<raft::storage_full> {
  static constexpr auto fields = std::tuple<>{};
};
template <>
struct layout<raft::forward_proposal_reply> {
  using message = raft::forward_proposal_reply;
  static constexpr auto type = frame_type::forward_proposal_reply;
  static constexpr auto fields =
      std::tuple{&message::term, &message::boot, &message::number, &message::outcome};
};

template <>
struct layout<raft::read_index> {
  using message = raft::read_index;
  static constexpr auto type = frame_type::read_index;
  static constexpr auto fields = std::tuple{&message::term, &message::boot, &message::round};
};

template <>
struct layout<raft::read_index_reply> {
  using message = raft::read_index_reply;
  static constexpr auto type = frame_type::read_index_reply;
  static constexpr auto fields =
      std::tuple{&message::term, &message::boot, &message::round, &message::index};
};

} // namespace transport::wire
