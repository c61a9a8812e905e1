// SPDX-License-Identifier: Apache-2.0
#include "replay/recorded_core.hpp"

#include "replay/core_codec.hpp"
#include "replay/core_file.hpp"
#include "replay/seeded_random.hpp"

namespace replay {

namespace {

std::shared_ptr<record_sink> told_beginning(std::shared_ptr<record_sink> sink,
                                            const core_beginning& how) {
  if (sink) {
    sink->take(file_head());
    sink->take(record_of(how));
  }
  return sink;
}

} // namespace

recorded_core::recorded_core(const core_beginning& how, std::shared_ptr<record_sink> sink)
  : sink_(told_beginning(std::move(sink), how)),
    core_(how.config, how.recovered, seeded_random(how.random_seed)) {}

void recorded_core::step(const raft::server_life& from, raft::message body) {
  if (!sink_)
    return core_.step(from, std::move(body));
  inputs::step what{from, std::move(body)};
  note(what);
  core_.step(from, std::move(what.body));
}

raft::propose_outcome recorded_core::propose(raft::proposal what) {
  if (!sink_)
    return core_.propose(std::move(what));
  note(inputs::propose{what});
  auto outcome = core_.propose(std::move(what));
  note_output(outcome);
  return outcome;
}

raft::ready recorded_core::take_ready() {
  if (sink_)
    note(inputs::take_ready{});
  auto owed = core_.take_ready();
  if (sink_)
    note_output(owed);
  return owed;
}

void recorded_core::note(const core_input& what) {
  sink_->take(record_of(what));
}

void recorded_core::note_output(const core_output& what) {
  sink_->take(record_of(digest_of(what)));
}

} // namespace replay
