// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <utility>

#include "base/check.hpp"
#include "tests/sim/server.hpp"

/// What the core asks of the stores, on their threads.
namespace sim {

void server::perform_persist(raft::persist_request what) {
  auto batch = std::make_shared<storage::log_batch>();
  batch->entries = std::move(what.entries);
  batch->truncate_from = what.truncate_from;
  batch->hard_state = what.state;
  auto write = [this, batch] {
    if (has(bug::vote_not_persisted))
      batch->hard_state.voted_for = {};
    if (has(bug::commit_not_persisted))
      batch->hard_state.commit_index = disk_.log_state().hard_state.commit_index;
    BASE_CHECK(disk_.log().append(*batch), "a log in memory is written");
    note([&] {
      return "is durable up to " + std::to_string(disk_.log_state().last.index.value) + ", term "
             + std::to_string(batch->hard_state.current_term.value);
    });
  };
  log_thread_.enqueue({write, [this] { persist_done(); }, has(bug::sync_is_a_lie),
                       has(bug::failed_write_taken_as_done)});
}

void server::persist_done() {
  for (const auto& each : std::exchange(life_->after_persist, {}))
    send(each);
  life_->protocol.persisted();
}

void server::perform_apply(raft::apply_request what) {
  auto entries = std::make_shared<std::vector<raft::entry>>(std::move(what.entries));
  auto effects = std::make_shared<std::vector<effect>>();
  auto digest = std::make_shared<std::optional<raft::digest_point>>();
  auto write = [this, entries, effects, digest] {
    auto before = disk_.state().last_applied();
    auto chain_before = disk_.state().chain();
    for (const auto& each : *entries) {
      effects->push_back(disk_.apply(each));
      around_.judge.applied(*this, each, disk_.state().digest());
    }
    if (auto recorded = reported_digest(); recorded && recorded->index > before.index)
      *digest = recorded;
    if (has(bug::last_applied_not_persisted) && life_)
      forgotten_ = {before, chain_before};
  };
  auto last = entries->back().id.index;
  auto done = [this, effects, last, digest] {
    apply_done(*effects, last);
    if (*digest)
      life_->protocol.digest_recorded(**digest);
  };
  state_thread_.enqueue({write, done, has(bug::applied_before_durable)});
}

// The judge compares states by itself; what is planted here it does not see.
std::optional<raft::digest_point> server::reported_digest() const {
  auto reported = disk_.state().recorded_digest();
  if (reported && has(bug::state_differs) && id() == raft::server_id{2})
    reported->lanes[0] ^= 1U;
  return reported;
}

void server::apply_done(const std::vector<effect>& effects, raft::log_index last) {
  for (const auto& each : effects) {
    auto found = life_->waiting.find(each.operation);
    if (found != life_->waiting.end() && found->second.what.is_conditional)
      answer(each.operation, write_judged{each.is_done, each.found});
  }
  life_->protocol.applied(last);
}

void server::perform_log_read(const raft::log_read_request& what) {
  auto found = std::make_shared<std::vector<raft::entry>>();
  auto read = [this, what, found] {
    auto entries = disk_.log().read(what.first, what.last, what.bytes_max);
    BASE_CHECK(entries, "INV-07: the log holds what its core asks for");
    *found = std::move(*entries);
  };
  log_thread_.enqueue({read, [this, found] { life_->protocol.log_read(std::move(*found)); }});
}

void server::perform_compact(const raft::compact_request& what) {
  auto point = std::make_shared<raft::snapshot_point>();
  auto cut = [this, up_to = what.up_to, point] {
    auto moved = disk_.log().compact(up_to, around_.habits.log_entries_kept, UINT64_MAX);
    BASE_CHECK(moved, "a log in memory is cut");
    *point = std::move(*moved);
    ++around_.counters.compactions;
  };
  log_thread_.enqueue({cut, [this, point] { life_->protocol.compacted(std::move(*point)); }});
}

// Two stores, one truth: rule 11. Nothing is applied between the started mark and the end.
void server::checkpoint() {
  in_process(random_.between(second, 3 * second), [this] { checkpoint(); });
  state_thread_.enqueue({[] {},
                         [this] {
                           state_thread_.hold();
                           mark_checkpoint();
                         }});
}

void server::mark_checkpoint() {
  auto index = disk_.state().last_applied().index;
  if (disk_.is_state_lost() || disk_.log_state().pending
      || index < disk_.log_state().checkpoint_completed
      || index < disk_.log_state().checkpoint_started)
    return state_thread_.release();
  auto mark = [this, index] { disk_.begin_checkpoint(index); };
  log_thread_.enqueue({mark, [this, index] {
                         in_process(random_.between(0, 20 * millisecond),
                                    [this, index] { copy_checkpoint(index); });
                       }});
}

void server::copy_checkpoint(raft::log_index index) {
  auto mark = [this, index] {
    if (has(bug::checkpoint_not_copied))
      disk_.pretend_checkpoint(index);
    else
      disk_.complete_checkpoint(index);
  };
  log_thread_.enqueue({mark, [this, index] {
                         state_thread_.release();
                         life_->protocol.checkpoint_completed(index);
                       }});
}

} // namespace sim
