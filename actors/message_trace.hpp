// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <typeinfo>

#include "actors/actor_stats.hpp"
#include "trace/note.hpp"

namespace actors {

/// A message on its way: what it comes from, and its own number.
struct message_passport {
  base::uuid trace;
  trace::span_id span = 0;
  trace::span_id parent = 0;
  trace::name_id sender = 0;
  trace::name_id message = 0;
};

/// The number of the type's name, without its namespaces: "persist". Fast: a thread asks
/// the recorder once for each type.
trace::name_id name_of_type(trace::recorder& recorder, const std::type_info& type);

/// Tells the recorder where the requests of one batch have come to, each for itself.
class step_trace {
public:
  step_trace(trace::recorder* recorder, trace::name_id actor, std::string_view what,
             std::string_view other)
    : recorder_(recorder), actor_(actor),
      what_(recorder ? recorder->id_of(what) : trace::name_id{0}),
      other_(recorder ? recorder->id_of(other) : trace::name_id{0}) {}

  /// `index` zero: it has no place in the log yet. Nothing for a nil trace: nobody asked.
  void operator()(const base::uuid& trace, std::uint64_t index) const {
    if (recorder_ && !trace.is_nil())
      recorder_->record({now_ns(), trace, 0, trace::current().span, index, actor_, other_, what_,
                         trace::event_kind::step});
  }

private:
  trace::recorder* recorder_;
  trace::name_id actor_;
  trace::name_id what_;
  trace::name_id other_;
};

/// Tells the recorder of the messages of one actor. Any thread for what is sent, else the
/// one that runs the actor. Does nothing without a recorder.
class message_trace {
public:
  message_trace(trace::recorder* recorder, const actor_stats& receiver)
    : recorder_(recorder), receiver_(receiver) {}

  /// The passport of what the calling thread sends now.
  message_passport issue(const message_type& what) const {
    if (!recorder_)
      return {};
    const auto& from = trace::current();
    auto name = what.type           ? name_of_type(*recorder_, *what.type)
                : what.library_name ? recorder_->id_of(what.library_name)
                                    : trace::name_id{0};
    return {from.trace, trace::next_span(), from.span, from.actor, name};
  }

  void note(trace::event_kind kind, const message_passport& what, std::uint64_t time_ns,
            std::uint64_t value) const {
    if (recorder_)
      recorder_->record({time_ns, what.trace, what.span, what.parent, value, receiver_.traced_as,
                         what.sender, what.message, kind});
  }

  /// Something about the actor itself, by whoever the calling thread is. `what` is one of a
  /// few texts: names are kept for good.
  void note(trace::event_kind kind, std::string_view what = {}, std::uint64_t value = 0,
            std::uint64_t detail = 0) const {
    if (recorder_)
      trace::note(recorder_, kind, receiver_.traced_as, recorder_->id_of(what), value, detail);
  }
  /// The end of the actor. `why` may be any text: what there is no room for is left out.
  void note_exit(std::string_view why) const {
    if (recorder_)
      trace::note(recorder_, trace::event_kind::exited, receiver_.traced_as,
                  recorder_->id_of_text(why));
  }
  /// The same as `note`, about another actor, or a group of them.
  void note_about(std::string_view whom, trace::event_kind kind, std::string_view what) const {
    if (recorder_)
      trace::note(recorder_, kind, recorder_->id_of(whom), recorder_->id_of(what));
  }
  /// `type` null: one of the library's own.
  void note_unhandled(const std::type_info* type) const {
    if (recorder_)
      trace::note(recorder_, trace::event_kind::unhandled, receiver_.traced_as,
                  type ? name_of_type(*recorder_, *type) : trace::name_id{0});
  }
  /// What a server said to this one, or this one to it; `vouches_for` as trace/event.hpp says.
  void note_rpc(trace::event_kind kind, const std::type_info& type, std::string_view peer,
                std::uint64_t vouches_for, std::uint64_t term) const {
    if (recorder_)
      recorder_->record({now_ns(),
                         {},
                         term,
                         trace::current().span,
                         vouches_for,
                         receiver_.traced_as,
                         recorder_->id_of(peer),
                         name_of_type(*recorder_, type),
                         kind});
  }
  /// With a name beside the figures; `what` and `other` are of a few texts.
  void note_with(trace::event_kind kind, std::string_view what, std::string_view other,
                 std::uint64_t value, std::uint64_t detail) const {
    if (recorder_)
      recorder_->record({now_ns(),
                         {},
                         detail,
                         trace::current().span,
                         value,
                         receiver_.traced_as,
                         recorder_->id_of(other),
                         recorder_->id_of(what),
                         kind});
  }
  step_trace steps(std::string_view what, std::string_view other = {}) const {
    return {recorder_, receiver_.traced_as, what, other};
  }
  bool is_on() const { return recorder_ != nullptr; }
  trace::work work(std::string_view what, std::uint64_t size) const {
    return trace::work(recorder_, receiver_.traced_as, what, size);
  }

  /// What the actor works on while it handles the message.
  trace::context context_of(const message_passport& what) const {
    return {what.trace, what.span, receiver_.traced_as};
  }

private:
  trace::recorder* recorder_;
  const actor_stats& receiver_;
};

} // namespace actors
