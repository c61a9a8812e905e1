// SPDX-License-Identifier: Apache-2.0
#include "actors/answer.hpp"

#include <condition_variable>
#include <mutex>

namespace actors {

namespace {

thread_local answer_batch* open_batch = nullptr;

} // namespace

std::string_view to_string(failure_code code) {
  switch (code) {
  case failure_code::unavailable: return "unavailable";
  case failure_code::not_leader: return "no_leader";
  case failure_code::overloaded: return "overloaded";
  case failure_code::timeout: return "timeout";
  case failure_code::storage_full: return "storage_full";
  case failure_code::storage_busy: return "storage_busy";
  case failure_code::storage_failed: return "storage_failed";
  case failure_code::blocked: return "blocked";
  case failure_code::unsupported: return "unsupported";
  case failure_code::draining: return "draining";
  case failure_code::invalid: return "invalid";
  case failure_code::leader_elsewhere: return "leader_elsewhere";
  case failure_code::conflict: return "conflict";
  case failure_code::unmet: return "unmet";
  case failure_code::unknown_member: return "unknown_member";
  case failure_code::unknown_child: return "unknown_child";
  }
  return "unknown";
}

void slot_base::publish() {
  is_filled_.store(true, std::memory_order_release);
  if (!sink_)
    return;
  if (open_batch == nullptr) {
    sink_->deliver({shared_from_this()});
    return;
  }
  for (auto& [sink, filled] : open_batch->kept_)
    if (sink == sink_) {
      filled.push_back(shared_from_this());
      return;
    }
  open_batch->kept_.push_back({sink_, {shared_from_this()}});
}

answer_batch::answer_batch() : outer_(open_batch) {
  open_batch = this;
}

answer_batch::~answer_batch() {
  open_batch = outer_;
  for (auto& [sink, filled] : kept_)
    sink->deliver(std::move(filled));
}

struct blocking_asker::state {
  std::mutex mutex;
  std::condition_variable changed;
};

std::shared_ptr<blocking_asker> blocking_asker::make() {
  auto asker = std::make_shared<blocking_asker>();
  asker->state_ = std::make_shared<state>();
  return asker;
}

void blocking_asker::deliver(std::vector<std::shared_ptr<slot_base>>) {
  // The lock orders the filled flag before the waiter's test: no wake-up is lost.
  std::lock_guard guard(state_->mutex);
  state_->changed.notify_all();
}

bool blocking_asker::wait_for(const slot_base& what, std::chrono::milliseconds patience) {
  std::unique_lock guard(state_->mutex);
  return state_->changed.wait_for(guard, patience, [&what] { return what.is_filled(); });
}

} // namespace actors
