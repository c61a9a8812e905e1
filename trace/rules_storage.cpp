// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "trace/rules.hpp"

namespace trace {

namespace {

struct checkpoint_run {
  const recorded_event* began = nullptr;
  const recorded_event* ended = nullptr; ///< null: not yet, or the process ended within
};

/// A thread works on one thing at a time, and notes the end of what it noted the beginning of.
std::vector<checkpoint_run> runs_of(const evidence& all) {
  std::vector<checkpoint_run> runs;
  auto ends = all.find(event_kind::work_ended, "checkpoint");
  for (const auto* began : all.find(event_kind::work_began, "checkpoint")) {
    auto end = std::ranges::find_if(ends, [&](const recorded_event* each) {
      return each->thread == began->thread && each->event.time_ns >= began->event.time_ns;
    });
    runs.push_back({began, end == ends.end() ? nullptr : *end});
  }
  return runs;
}

} // namespace

void check_checkpoints(const evidence& all, findings& into) {
  auto owner = all.id_of("storage_writer");
  checkpoint_run before;
  for (const auto& run : runs_of(all)) {
    const auto& now = run.began->event;
    if (now.actor != owner)
      into.broken(all.name_of(now.actor) + " runs a checkpoint", all, {run.began});
    else if (before.began && (!before.ended || before.ended->event.time_ns > now.time_ns))
      into.broken("two checkpoints at once", all, {before.began, run.began});
    else
      into.held();
    before = run;
  }
}

void check_applied(const evidence& all, findings& into) {
  auto hard_states = all.find(event_kind::durable, "hard state");
  std::map<std::uint64_t, event_list> begun; // by thread
  for (const auto* each : all.find(event_kind::work_began, "state commit"))
    begun[each->thread].push_back(each);
  for (const auto* state : all.find(event_kind::durable, "state")) {
    const auto* began = last_until(begun[state->thread], state->event.time_ns);
    const auto* known = began ? last_until(hard_states, began->event.time_ns) : nullptr;
    if (!began || began->event.parent != state->event.parent || !known)
      into.unjudged();
    else if (known->event.value >= state->event.value)
      into.held();
    else // a later one would stand here: it is younger than `known`
      into.judge(all.is_whole_since(known->event.time_ns),
                 "entries up to " + std::to_string(state->event.value)
                     + " were applied when the commit index was durable up to "
                     + std::to_string(known->event.value),
                 all, {known, began, state});
  }
}

} // namespace trace
