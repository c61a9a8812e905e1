// SPDX-License-Identifier: Apache-2.0
#include "transport/greeter.hpp"

#include <utility>

#include "transport/bounds.hpp"
#include "transport/message_codec.hpp"

namespace transport {

greeter::greeter(std::shared_ptr<node_context> node, std::shared_ptr<connection> link)
  : node_(std::move(node)), link_(std::move(link)), deadline_(*node_->io) {}

void greeter::greet(hello first, handler done) {
  hello_ = std::move(first);
  done_ = std::move(done);
  begin(true);
}

void greeter::answer(last_question ask, handler done) {
  ask_ = std::move(ask);
  done_ = std::move(done);
  begin(false);
}

void greeter::begin(bool is_dialler) {
  deadline_.expires_after(node_->settings.times.handshake_timeout);
  deadline_.async_wait([self = shared_from_this()](const std::error_code& error) {
    if (!error)
      self->fail({{base::errc::timeout, "the handshake took too long"}, {}, {}});
  });
  link_->handshake(is_dialler,
                   [self = shared_from_this(), is_dialler](const base::status& outcome) {
                     self->on_handshake(is_dialler, outcome);
                   });
}

void greeter::on_handshake(bool is_dialler, const base::status& outcome) {
  if (!done_)
    return;
  if (!outcome)
    return fail({outcome.error().within("TLS handshake"), {}, {}});
  auto self = shared_from_this();
  link_->handle(
      {[self, is_dialler](const frame_view& frame) {
         is_dialler ? self->on_welcome(frame) : self->on_hello(frame);
       },
       [self](const base::error& why) { self->refuse({refusal_reason::bad_frame, why.text}, {}); },
       [self](const base::error& why) { self->fail({why.within("handshake"), {}, {}}); }});
  if (is_dialler) {
    if (auto name = link_->check_name(hello_.to); !name)
      return refuse({refusal_reason::wrong_certificate, name.error().text}, hello_.to);
    link_->send(encode_hello(hello_, node_->settings.self));
  }
  link_->start_reading();
}

void greeter::on_hello(const frame_view& frame) {
  const auto& other = frame.header.sender;
  if (frame.header.type == frame_type::refused)
    return on_welcome(frame); // a dialler that does not like our certificate
  if (frame.header.type != frame_type::hello)
    return refuse(
        {refusal_reason::bad_frame, to_string(frame.header.type) + " before the handshake"},
        other.server);
  auto body = decode_hello(frame.body);
  if (!body)
    return refuse({refusal_reason::bad_frame, body.error().text}, other.server);
  if (auto why = judge(other, *body))
    return refuse(*why, other.server);

  auto version = *common_version(body->version_min, body->version_max);
  link_->send(encode_welcome({version, node_->here.known.membership_index,
                              node_->settings.program_version, node_->settings.http_addr},
                             node_->settings.self));
  succeed({link_, other, version, body->purpose, body->membership_index, body->program_version,
           body->http_addr, false});
}

std::optional<refusal> greeter::judge(const identity& other, const hello& body) {
  if (node_->is_stopping)
    return refusal{refusal_reason::stopping, "this server is stopping"};
  if (auto why = judge_hello(node_->here, other, body);
      why && why->reason == refusal_reason::other_cluster)
    return why; // said first: certificates of another cluster have other names, too
  if (auto name = link_->check_name(other.server); !name)
    return refusal{refusal_reason::wrong_certificate, name.error().text};
  if (auto why = judge_hello(node_->here, other, body))
    return why;
  return ask_(other, body);
}

void greeter::on_welcome(const frame_view& frame) {
  const auto& other = frame.header.sender;
  if (frame.header.type == frame_type::refused) {
    auto why = decode_refusal(frame.body);
    if (!why)
      return fail({why.error(), {}, other.server});
    return fail({{base::errc::invalid,
                  "refused by the other side: " + to_string(why->reason) + ": " + why->text},
                 why->reason,
                 other.server,
                 true});
  }
  if (frame.header.type != frame_type::welcome)
    return refuse(
        {refusal_reason::bad_frame, to_string(frame.header.type) + " before the handshake"},
        other.server);
  auto body = decode_welcome(frame.body);
  if (!body)
    return refuse({refusal_reason::bad_frame, body.error().text}, other.server);
  if (auto why = judge_welcome(node_->here, hello_.to, other, *body))
    return refuse(*why, other.server);
  succeed({link_, other, body->version, hello_.purpose, body->membership_index,
           body->program_version, body->http_addr, true});
}

void greeter::refuse(const refusal& why, raft::server_id other) {
  auto done = std::exchange(done_, nullptr);
  if (!done)
    return;
  deadline_.cancel();
  node_->refused.fetch_add(1, std::memory_order_relaxed);
  base::error error{base::errc::invalid, to_string(why.reason) + ": " + why.text};
  link_->end_after(encode_refusal(why, node_->settings.self), error);
  done(tl::unexpected(greeting_failure{error, why.reason, other}));
}

void greeter::fail(greeting_failure why) {
  auto done = std::exchange(done_, nullptr);
  if (!done)
    return;
  deadline_.cancel();
  link_->end(why.why);
  done(tl::unexpected(std::move(why)));
}

void greeter::succeed(greeted outcome) {
  auto done = std::exchange(done_, nullptr);
  if (!done)
    return;
  deadline_.cancel();
  link_->set_body_bytes_max(bounds::frame_body_bytes_max);
  done(std::move(outcome));
}

void greeter::abandon() {
  done_ = nullptr;
  deadline_.cancel();
  link_->end({base::errc::interrupted, "abandoned"});
}

} // namespace transport
