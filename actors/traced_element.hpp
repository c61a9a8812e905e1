// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <caf/mailbox_element.hpp>
#include <caf/message_id.hpp>
#include <caf/sec.hpp>
#include <caf/system_messages.hpp>
#include <caf/type_nr.hpp>

#include "actors/happens_before.hpp"
#include "actors/message_trace.hpp"

namespace actors {

/// What a message is, by its first part: a type of ours, or one of the library's own.
inline message_type type_of(const caf::type_erased_tuple& content) {
  if (content.empty())
    return {};
  auto [number, type] = content.type(0);
  return {type, number == 0 ? nullptr : caf::numbered_type_names[number - 1]};
}

/// A message on its way, with the time it was put into the mailbox and who sent it.
struct traced_element final : caf::mailbox_element {
  caf::mailbox_element_ptr inner;
  std::uint64_t enqueued_ns;
  message_passport passport;
  actor_number from;

  traced_element(caf::mailbox_element_ptr original, const message_passport& issued,
                 actor_number sender_number)
    : caf::mailbox_element(std::move(original->sender), original->mid, std::move(original->stages)),
      inner(std::move(original)), enqueued_ns(now_ns()), passport(issued), from(sender_number) {}

  // Whoever throws a message away unread has it from the same hand-over.
  ~traced_element() override { ASPEN_HAPPENS_AFTER(static_cast<caf::mailbox_element*>(this)); }

  caf::type_erased_tuple& content() override { return inner->content(); }
  const caf::type_erased_tuple& content() const override {
    return const_cast<const caf::mailbox_element&>(*inner).content();
  }
  caf::message move_content_to_message() override { return inner->move_content_to_message(); }
  caf::message copy_content_to_message() const override { return inner->copy_content_to_message(); }
};

/// What keeps the system alive is never rejected: answers, exits, downs.
inline bool may_be_rejected(const caf::mailbox_element& message) {
  return !message.mid.is_response() && message.mid.is_normal_message()
         && !message.content().match_elements<caf::exit_msg>()
         && !message.content().match_elements<caf::down_msg>();
}

/// An asker hears "overload"; the slots in a lost message answer by themselves.
inline void reject(caf::mailbox_element_ptr message, caf::execution_unit* unit) {
  if (message->mid.is_request() && message->sender)
    message->sender->enqueue(
        nullptr, message->mid.response_id(),
        caf::make_message(caf::make_error(caf::sec::runtime_error, std::string("overload"))), unit);
}

} // namespace actors
