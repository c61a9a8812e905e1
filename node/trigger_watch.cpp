// SPDX-License-Identifier: Apache-2.0
#include "node/trigger_watch.hpp"

#include <pthread.h>

#include <fmt/format.h>

#include "raft/format.hpp"

namespace node {

trigger_watch::trigger_watch(std::shared_ptr<actors::actor_registry> registry,
                             std::shared_ptr<const actors::status_board> board,
                             std::chrono::milliseconds slow_mailbox, tell told)
  : registry_(std::move(registry)), board_(std::move(board)), slow_mailbox_(slow_mailbox),
    told_(std::move(told)), thread_([this] { run(); }) {
  pthread_setname_np(thread_.native_handle(), "triggers");
}

trigger_watch::~trigger_watch() {
  {
    std::lock_guard guard(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void trigger_watch::run() {
  std::unique_lock guard(mutex_);
  while (!changed_.wait_for(guard, look_every, [this] { return is_ending_; })) {
    guard.unlock();
    look_at_mailboxes();
    look_at_leadership();
    guard.lock();
  }
}

void trigger_watch::look_at_mailboxes() {
  if (slow_mailbox_.count() == 0)
    return;
  auto found = registry_->take_longest_wait(slow_mailbox_);
  if (!found)
    return;
  auto in_hand =
      found->current_message.empty() ? std::string("no message") : found->current_message;
  told_("slow-mailbox", fmt::format("a message to {} waited {} ms; {} wait, {} is in hand",
                                    found->actor, found->waited_ms, found->mailbox_depth, in_hand));
}

/// The raft actor counts, so that a loss between two looks is seen. A new life counts from zero.
void trigger_watch::look_at_leadership() {
  auto raft = board_->get<actors::raft_status>();
  if (!raft)
    return;
  const auto& core = raft->core;
  if (raft->leaderships_lost > losses_seen_)
    told_("leadership-lost",
          fmt::format("led in term {}; now {} in term {}, leader {}", term_seen_,
                      raft::to_string(core.role), core.current_term.value, core.leader.value));
  losses_seen_ = raft->leaderships_lost;
  term_seen_ = core.current_term.value;
}

} // namespace node
