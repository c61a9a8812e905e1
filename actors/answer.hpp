// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

/// How somebody outside the actor system gets exactly one answer to what it asked:
/// the asker owns a slot, the message owns the right to fill it, and a message that
/// is lost, dropped or forgotten fills it with `unavailable` by itself.
namespace actors {

/// What the asker may conclude about a write.
enum class commit_status { no, unknown, yes };

enum class failure_code {
  unavailable, ///< the actor is gone, restarting or refused
  not_leader,  ///< and no leader is known here
  overloaded,  ///< a bound on what is under way; see limit and actual
  timeout,     ///< the asker's deadline passed
  storage_full,
  storage_busy, ///< a foreign writer holds the database
  storage_failed,
  blocked,     ///< a checkpoint is held back; text names by whom
  unsupported, ///< this backend cannot
  draining,
  invalid,
  leader_elsewhere, ///< only the leader does it, and it is known
  conflict,         ///< the cluster is in another state; `reason` says in which
  unmet,            ///< a condition of the change does not hold; `reason` says which
  unknown_member,
  unknown_child, ///< of the supervisor
};

/// The name in snake case, as in JSON answers.
std::string_view to_string(failure_code code);

/// Why there is no answer of the asked kind. A value, not an exception.
struct failure {
  failure_code code = failure_code::unavailable;
  commit_status committed = commit_status::no;
  std::string text;
  std::uint64_t limit = 0;
  std::uint64_t actual = 0;
  std::chrono::milliseconds retry_after{0}; ///< zero: no advice
  std::string_view reason{}; ///< literal, snake case, finer than the code; empty: none
};

template <class Reply>
using answer = tl::expected<Reply, failure>;

class slot_base;

/// Where filled slots go. Implemented by an HTTP worker's inbox and by
/// `blocking_asker`. `deliver` is called from any thread, must not block, and must
/// not call back into the actors.
class answer_sink {
public:
  virtual ~answer_sink() = default;
  virtual void deliver(std::vector<std::shared_ptr<slot_base>> filled) = 0;
};

/// The asker's side of one question. Filled at most once; the first filler wins.
class slot_base : public std::enable_shared_from_this<slot_base> {
public:
  explicit slot_base(std::shared_ptr<answer_sink> sink) : sink_(std::move(sink)) {}
  virtual ~slot_base() = default;

  /// True once an answer stands in the slot. Any thread.
  bool is_filled() const { return is_filled_.load(std::memory_order_acquire); }
  /// True once nobody can fill the slot any more: it is being filled, or was abandoned.
  bool is_claimed() const { return is_claimed_.load(std::memory_order_seq_cst); }
  /// Records how far the request came: what an asker is told when it is lost. False when
  /// the asker has given up, possibly in the belief that nothing was done: whoever is about
  /// to make the request count must then leave it. Any thread.
  bool set_stage(commit_status stage) {
    stage_.store(stage, std::memory_order_seq_cst);
    return !is_claimed_.load(std::memory_order_seq_cst);
  }
  commit_status stage() const { return stage_.load(std::memory_order_seq_cst); }
  /// The asker waits no longer. True: nobody fills the slot any more, and `stage()` is what
  /// the asker may conclude. False: an answer is there, or on its way to the sink.
  /// With `set_stage` in a total order: of two that meet, at least one sees the other.
  bool abandon() { return !is_claimed_.exchange(true, std::memory_order_seq_cst); }

  /// Whatever the asker needs to find its way back (an HTTP worker: the fiber).
  /// Touched by the asker's thread only.
  void* asker = nullptr;

protected:
  /// True for the one caller that may write the reply.
  bool claim() { return !is_claimed_.exchange(true, std::memory_order_acq_rel); }
  /// Publishes the reply and hands the slot to the sink, at once or with the open
  /// `answer_batch` of this thread.
  void publish();

private:
  friend class answer_batch;
  std::shared_ptr<answer_sink> sink_;
  std::atomic<bool> is_claimed_{false};
  std::atomic<bool> is_filled_{false};
  std::atomic<commit_status> stage_{commit_status::no};
};

template <class Reply>
class slot : public slot_base {
public:
  using slot_base::slot_base;

  /// Fills the slot unless somebody did. Any thread.
  void fill(answer<Reply> what) {
    if (!claim())
      return;
    reply_.emplace(std::move(what));
    publish();
  }

  /// Requires: `is_filled()`; the asker's thread.
  answer<Reply> take() { return std::move(*reply_); }

private:
  std::optional<answer<Reply>> reply_;
};

/// The right to fill a slot, as a message carries it. Copies share it; when the last
/// copy goes and the slot is empty, it is filled with `unavailable` and its stage.
template <class Reply>
class reply_to {
public:
  reply_to() = default;
  explicit reply_to(std::shared_ptr<slot<Reply>> where)
    : guard_(std::make_shared<guard>(std::move(where))) {}

  explicit operator bool() const { return guard_ != nullptr; }
  /// Any thread. Does nothing when the slot is filled or there is none.
  void answer_with(answer<Reply> what) const {
    if (guard_)
      guard_->where->fill(std::move(what));
  }
  /// Whether the asker has its answer already, or gave up.
  bool is_settled() const { return !guard_ || guard_->where->is_claimed(); }
  void refuse(failure why) const { answer_with(tl::unexpected<failure>(std::move(why))); }
  /// False when the asker has given up; see `slot_base::set_stage`.
  bool set_stage(commit_status stage) const { return !guard_ || guard_->where->set_stage(stage); }

private:
  struct guard {
    std::shared_ptr<slot<Reply>> where;
    explicit guard(std::shared_ptr<slot<Reply>> to) : where(std::move(to)) {}
    guard(const guard&) = delete;
    guard& operator=(const guard&) = delete;
    ~guard() {
      where->fill(tl::unexpected<failure>(failure{failure_code::unavailable, where->stage(),
                                                  "the actor that held the request ended", 0, 0,
                                                  std::chrono::milliseconds{1000}}));
    }
  };
  std::shared_ptr<guard> guard_;
};

/// While one lives, slots filled by this thread are kept and handed to their sinks
/// together when it goes: a batch of answers wakes each asker once.
class answer_batch {
public:
  answer_batch();
  ~answer_batch();
  answer_batch(const answer_batch&) = delete;
  answer_batch& operator=(const answer_batch&) = delete;

private:
  friend class slot_base;
  answer_batch* outer_;
  std::vector<std::pair<std::shared_ptr<answer_sink>, std::vector<std::shared_ptr<slot_base>>>>
      kept_;
};

/// A sink for a plain thread that waits: tools, tests, the signal handler's thread.
class blocking_asker : public answer_sink {
public:
  static std::shared_ptr<blocking_asker> make();
  void deliver(std::vector<std::shared_ptr<slot_base>> filled) override;
  /// Waits until `what` is filled or `patience` has passed; false when it has.
  bool wait_for(const slot_base& what, std::chrono::milliseconds patience);

private:
  struct state;
  std::shared_ptr<state> state_;
};

/// Asks through `send` and waits: `ask_blocking<written>([&](reply_to<written> to) {...}, 5s)`.
template <class Reply, class Send>
answer<Reply> ask_blocking(Send&& send, std::chrono::milliseconds patience) {
  auto asker = blocking_asker::make();
  auto where = std::make_shared<slot<Reply>>(asker);
  send(reply_to<Reply>(where));
  if (asker->wait_for(*where, patience))
    return where->take();
  if (!where->abandon()) { // an answer came with the deadline
    asker->wait_for(*where, std::chrono::hours{1});
    return where->take();
  }
  return tl::unexpected<failure>(
      failure{failure_code::timeout, where->stage(), "no answer within the deadline", 0, 0, {}});
}

} // namespace actors
