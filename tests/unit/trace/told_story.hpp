// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "trace/recording.hpp"

namespace trace_test {

using trace::event_kind;

/// What one node recorded, made by hand: a millisecond from one event to the next, names by
/// themselves. Nothing was overwritten unless it is said.
class told_story {
public:
  explicit told_story(std::uint64_t node_id = 1) {
    told_.node_id = node_id;
    told_.process_id = 100 + node_id;
    told_.boot = base::uuid_from_name("boot of " + std::to_string(node_id));
    told_.names = {""};
  }

  told_story& sent(trace::span_id span, const char* from, const char* to, const char* what,
                   trace::span_id parent = 0) {
    return add(event_kind::sent, to, what, 1, span, parent, from);
  }
  told_story& received(trace::span_id span, const char* by, const char* what) {
    return add(event_kind::received, by, what, 0, span, 0, "");
  }
  told_story& skipped(trace::span_id span, const char* by, const char* what) {
    return add(event_kind::skipped, by, what, 0, span, 0, "");
  }
  told_story& lives(const char* actor) { return add(event_kind::spawned, actor, "", 0, 0, 0, ""); }
  told_story& exits(const char* actor) {
    return add(event_kind::exited, actor, "normal", 0, 0, 0, "");
  }
  told_story& asked(trace::span_id span) {
    return add(event_kind::http_began, "http", "", 0, span, 0, "");
  }
  told_story& answered(trace::span_id span, const char* status = "200") {
    return add(event_kind::http_ended, "http", "PUT", 0, span, 0, status);
  }
  told_story& cluster(const char* name) {
    return add(event_kind::raft, "raft", "core_began", 0, 0, 0, name);
  }
  told_story& elected(std::uint64_t term) {
    return add(event_kind::raft, "raft", "became_leader", 0, term, 0, "raft");
  }
  told_story& committed(std::uint64_t index, std::uint64_t term, const char* voters,
                        trace::span_id within = 0) {
    return add(event_kind::raft, "raft", "commit_advanced", index, term, within, voters);
  }
  told_story& durable_log(std::uint64_t last, std::uint64_t term = 1) {
    return add(event_kind::durable, "log_writer", "log", last, term, 0, "");
  }
  told_story& durable_state(std::uint64_t commit, std::uint64_t term, const char* vote = "") {
    return add(event_kind::durable, "log_writer", "hard state", commit, term, 0, vote);
  }
  told_story& says(const char* rpc, const char* to, std::uint64_t value, std::uint64_t term) {
    return add(event_kind::rpc_sent, "raft", rpc, value, term, 0, to);
  }
  told_story& hears(const char* rpc, const char* from, std::uint64_t value, std::uint64_t term,
                    trace::span_id within = 0) {
    return add(event_kind::rpc_received, "raft", rpc, value, term, within, from);
  }
  told_story& begins(const char* actor, const char* work, trace::span_id within = 0,
                     std::uint64_t thread = 1) {
    return add(event_kind::work_began, actor, work, 1, 0, within, actor, thread);
  }
  told_story& ends(const char* actor, const char* work, trace::span_id within = 0,
                   std::uint64_t thread = 1) {
    return add(event_kind::work_ended, actor, work, 1, 0, within, actor, thread);
  }
  told_story& applied(std::uint64_t index, trace::span_id within) {
    return add(event_kind::durable, "storage_writer", "state", index, 1, within, "");
  }
  /// What came before now was overwritten, in parts.
  told_story& overwritten_so_far() {
    told_.whole_since_ns = now_ns_;
    return *this;
  }
  told_story& ended_in_order() {
    told_.ended = trace::ended_in_order;
    return *this;
  }

  const trace::recording& tell() const { return told_; }

private:
  trace::name_id id_of(const std::string& name) {
    auto at = std::ranges::find(told_.names, name);
    if (at == told_.names.end())
      at = told_.names.insert(at, name);
    return static_cast<trace::name_id>(at - told_.names.begin());
  }
  told_story& add(event_kind kind, const char* actor, const char* what, std::uint64_t value,
                  trace::span_id span, trace::span_id parent, const char* other,
                  std::uint64_t thread = 1) {
    now_ns_ += 1'000'000;
    told_.events.push_back(
        {{now_ns_, {}, span, parent, value, id_of(actor), id_of(other), id_of(what), kind},
         thread});
    return *this;
  }

  trace::recording told_;
  std::uint64_t now_ns_ = 1'000'000'000;
};

} // namespace trace_test
