// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/no_stages.hpp>
#include <caf/response_type.hpp>
#include <caf/scheduled_actor.hpp>

#include "actors/actor_registry.hpp"
#include "actors/traced_element.hpp"
#include "base/failpoint.hpp"

namespace actors {

/// The base of every actor of the node: each message passes here on its way in (on the
/// sender's thread) and again when it is handled. Records it, counts queueing and handling
/// time and who sent it, publishes what the actor says of itself, bounds the mailbox, turns an
/// exception into an exit reason with its text, and tells the thread sanitizer what the mailbox
/// orders (the CAF library is not instrumented).
template <class Base>
class traced : public Base {
public:
  using Base::enqueue;

  traced(caf::actor_config& config, std::shared_ptr<actor_registry> registry,
         std::shared_ptr<actor_stats> stats)
    : Base(config), registry_(std::move(registry)), stats_(std::move(stats)),
      trace_(registry_->recorder(), *stats_) {
    trace_.note(trace::event_kind::spawned);
    // For whoever enqueues: the library passes the handle on where the sanitizer cannot see it.
    ASPEN_HAPPENS_BEFORE(&stats_);
    this->set_default_handler(
        [this](caf::scheduled_actor*, caf::message_view& what) { return on_unhandled(what); });
    this->set_exception_handler([](std::exception_ptr& thrown) -> caf::error {
      try {
        std::rethrow_exception(thrown);
      } catch (const std::exception& failure) {
        return caf::make_error(caf::sec::runtime_error, std::string(failure.what()));
      } catch (...) {
        return caf::make_error(caf::sec::runtime_error, std::string("an unknown exception"));
      }
    });
  }

  ~traced() override { ASPEN_HAPPENS_AFTER(this); }

  const char* name() const override { return stats_->name.c_str(); }

  void enqueue(caf::mailbox_element_ptr message, caf::execution_unit* unit) override {
    ASPEN_HAPPENS_AFTER(&stats_);
    ASPEN_HAPPENS_AFTER(message.get());
    auto type = type_of(message->content());
    auto passport = trace_.issue(type);
    if (is_over_limit(*message)) {
      stats_->rejected.fetch_add(1, std::memory_order_relaxed);
      trace_.note(trace::event_kind::rejected, passport, now_ns(), 0);
      reject(std::move(message), unit);
      return;
    }
    auto kind = is_from_own_clock(*message) ? trace::event_kind::timer : trace::event_kind::sent;
    auto from = message->sender.get() == this->ctrl() ? stats_->number : actor_in_hand();
    caf::mailbox_element_ptr element{new traced_element(std::move(message), passport, from)};
    auto enqueued_ns = static_cast<traced_element&>(*element).enqueued_ns;
    std::uint64_t waiting = 0;
    if (stats_->count_in(enqueued_ns, waiting)) {
      trace_.note(kind, passport, enqueued_ns, waiting);
    } else {
      stats_->losses->dead.add(type, from, enqueued_ns);
      trace_.note(kind, passport, enqueued_ns, 0);
    }
    ASPEN_HAPPENS_BEFORE(element.get());
    Base::enqueue(std::move(element), unit);
  }

  caf::invoke_message_result consume(caf::mailbox_element& element) override {
    ASPEN_HAPPENS_AFTER(&element);
    auto& arrived = static_cast<traced_element&>(element);
    auto began = now_ns();
    // The element may be gone after its handling.
    auto passport = arrived.passport;
    auto from = arrived.from;
    auto waited_ns = began - arrived.enqueued_ns;
    stats_->waiting_since_ns.store(arrived.enqueued_ns, std::memory_order_relaxed);
    stats_->thread.store(thread_number(), std::memory_order_relaxed);
    stats_->in_hand.begin(type_of(arrived.content()), from, began);
    trace_.note(trace::event_kind::received, passport, began, waited_ns);
    trace::scope works_on(trace_.context_of(passport));
    handling_scope handles(stats_->number);
    this->current_mailbox_element(&element); // whoever asked hears of an exception, from here on
    ASPEN_FAILPOINT(stats_->name, "message");
    auto outcome = Base::consume(element);
    figure_list said;
    describe_state(said);
    // Here, not after `resume`: by then another worker may have resumed this actor.
    ASPEN_HAPPENS_BEFORE(this);
    auto ended = now_ns();
    stats_->figures.publish(said, ended);
    stats_->in_hand.end();
    if (outcome == caf::invoke_message_result::skipped) {
      trace_.note(trace::event_kind::skipped, passport, ended, 0);
      return outcome;
    }
    auto is_dropped = outcome == caf::invoke_message_result::dropped;
    trace_.note(is_dropped ? trace::event_kind::dropped : trace::event_kind::handled, passport,
                ended, ended - began);
    stats_->count_out(from, waited_ns, ended - began, ended);
    return outcome;
  }

  void launch(caf::execution_unit* unit, bool lazy, bool hide) override {
    ASPEN_HAPPENS_BEFORE(this);
    Base::launch(unit, lazy, hide);
  }

  void initialize() override {
    Base::initialize();
    ASPEN_HAPPENS_BEFORE(this); // as in `consume`: this actor may have no message yet
  }

  caf::resumable::resume_result resume(caf::execution_unit* unit, size_t budget) override {
    ASPEN_HAPPENS_AFTER(this);
    auto outcome = Base::resume(unit, budget);
    ASPEN_HAPPENS_BEFORE(this);
    return outcome;
  }

  bool cleanup(caf::error&& reason, caf::execution_unit* unit) override {
    if (!stats_->has_ended.exchange(true)) {
      auto is_normal = !reason || reason == caf::exit_reason::user_shutdown;
      auto why = is_normal ? std::string() : this->system().render(reason);
      trace_.note_exit(is_normal ? "normal" : why);
      registry_->record_end(*stats_, std::move(why));
      // The message in whose handling an exception ended it is lost, but was read.
      auto left = stats_->depth.close();
      auto unread = left > 0 && stats_->in_hand.is_one() ? left - 1 : left;
      stats_->losses->unread.fetch_add(unread, std::memory_order_relaxed);
    }
    ASPEN_HAPPENS_BEFORE(this);
    return Base::cleanup(std::move(reason), unit);
  }

protected:
  actor_stats& stats() { return *stats_; }

  /// `delayed_send` to another actor, told to the thread sanitizer: the library's clock, a thread of
  /// its own, passes the message on.
  template <class Handle, class Message>
  void send_after(std::chrono::milliseconds pause, const Handle& to, Message what) {
    static_assert(caf::response_type<typename Handle::signatures, Message>::valid,
                  "the receiver does not take this message");
    schedule(pause, caf::actor_cast<caf::strong_actor_ptr>(to), std::move(what));
  }
  /// The same to this actor itself; stands in the place of the library's.
  template <class Message>
  void delayed_send(traced* self, std::chrono::milliseconds pause, Message what) {
    schedule(pause, caf::strong_actor_ptr(self->ctrl()), std::move(what));
  }

  /// What this actor is at, for whoever looks while it works: called at the end of each message, on
  /// the thread that runs it. Must not block, allocate or throw.
  virtual void describe_state(figure_list&) const {}

  /// Tells the recorder what this actor does, within the message in hand.
  const message_trace& tracer() const { return trace_; }

private:
  template <class Message>
  void schedule(std::chrono::milliseconds pause, caf::strong_actor_ptr to, Message what) {
    auto element = caf::make_mailbox_element(this->ctrl(), caf::make_message_id(), caf::no_stages,
                                             std::move(what));
    ASPEN_HAPPENS_BEFORE(element.get());
    auto& clock = this->system().clock();
    clock.schedule_message(clock.now() + pause, std::move(to), std::move(element));
  }

  /// The asker, if there is one, hears of it; the library's own handler prints to stdout.
  caf::result<caf::message> on_unhandled(caf::message_view& what) {
    auto type = type_of(what.content());
    trace_.note_unhandled(type.type);
    stats_->losses->unhandled.add(type, stats_->in_hand.from(), now_ns());
    return caf::sec::unexpected_message;
  }

  /// What an actor sends itself later comes out of the library's clock, on no actor's thread.
  bool is_from_own_clock(const caf::mailbox_element& message) const {
    return message.sender.get() == this->ctrl() && trace::current().actor == 0;
  }

  bool is_over_limit(const caf::mailbox_element& message) const {
    return stats_->depth.get() >= stats_->mailbox_limit && message.sender.get() != this->ctrl()
           && may_be_rejected(message);
  }

  std::shared_ptr<actor_registry> registry_;
  std::shared_ptr<actor_stats> stats_;
  const message_trace trace_;
};

} // namespace actors
