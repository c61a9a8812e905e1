// SPDX-License-Identifier: Apache-2.0
#include "transport/stream_channel.hpp"

#include <utility>

#include <asio/post.hpp>

#include "transport/bounds.hpp"
#include "transport/message_codec.hpp"
#include "transport/ping.hpp"

namespace transport {

namespace {

// An offer holds a membership and the attributes; a chunk is smaller.
constexpr std::size_t stream_body_bytes_max = 1 * bounds::mebibyte;
static_assert(bounds::chunk_bytes_max + bounds::kibibyte < stream_body_bytes_max);
static_assert(bounds::offer_attributes_bytes_max < stream_body_bytes_max / 2);

} // namespace

stream_channel::stream_channel(std::shared_ptr<node_context> node)
  : node_(std::move(node)), life_timer_(*node_->io) {}

void stream_channel::attach(greeted with) {
  other_ = with.other;
  auto self = shared_from_this();
  with.link->set_body_bytes_max(stream_body_bytes_max);
  with.link->handle({[self](const frame_view& frame) { self->on_frame(frame); },
                     [self](const base::error& why) { self->end_as_bad(why.text); },
                     [self](const base::error& why) { self->end(why); }});
  bool is_too_late = false;
  {
    std::lock_guard lock(mutex_);
    is_too_late = ended_.has_value();
    version_ = with.version;
    link_ = with.link;
  }
  if (is_too_late)
    return with.link->end({base::errc::interrupted, "the stream ended before it began"});
  show_life();
}

void stream_channel::on_frame(const frame_view& frame) {
  if (frame.header.sender != other_)
    return end_as_bad("its sender is not the one of the handshake");
  if (frame.header.type == frame_type::refused) {
    auto why = decode_refusal(frame.body);
    return end(
        {base::errc::invalid, "the other side ended it: " + (why ? why->text : why.error().text)});
  }
  if (frame.header.version != version())
    return end_as_bad("version " + std::to_string(frame.header.version) + " was not agreed on");
  if (frame.header.type == frame_type::ping || frame.header.type == frame_type::pong)
    return; // that it came was all
  if (frame.header.type == frame_type::stream_given_up) {
    auto body = decode_stream_given_up(frame.body);
    return body ? end({base::errc::invalid, "the other side gave up: " + body->reason})
                : end_as_bad(body.error().text);
  }
  on_body(frame);
}

// Both sides ping, and nobody waits for a pong: a window that is full delays no sign of life.
void stream_channel::show_life() {
  if (has_ended())
    return;
  if (std::chrono::steady_clock::now() - link_->last_heard() > node_->settings.times.silence_max)
    return end({base::errc::timeout,
                "no sign of life from server " + std::to_string(other_.server.value)});
  link_->send(encode_ping(std::chrono::steady_clock::now(), version(), node_->settings.self));
  life_timer_.expires_after(node_->settings.times.ping_interval);
  life_timer_.async_wait([self = shared_from_this()](const std::error_code& error) {
    if (!error)
      self->show_life();
  });
}

std::uint8_t stream_channel::version() const {
  std::lock_guard lock(mutex_);
  return version_;
}

bool stream_channel::has_ended() const {
  std::lock_guard lock(mutex_);
  return ended_.has_value();
}

void stream_channel::end(base::error why) {
  std::shared_ptr<connection> link;
  {
    std::lock_guard lock(mutex_);
    link = link_;
    if (!ended_)
      ended_ = why;
  }
  changed_.notify_all();
  life_timer_.cancel();
  drop_work();
  if (link)
    link->end(std::move(why));
}

void stream_channel::end_as_bad(const std::string& what) {
  node_->bad_frames.fetch_add(1, std::memory_order_relaxed);
  base::error why{base::errc::corrupt, "it sent a bad frame: " + what};
  link_->end_after(encode_refusal({refusal_reason::bad_frame, what}, node_->settings.self), why);
}

void stream_channel::give_up(base::error why) {
  auto frame = encode(stream_given_up{why.text});
  end_with(std::move(frame), std::move(why));
}

void stream_channel::end_with(base::bytes last_words, base::error why) {
  {
    std::lock_guard lock(mutex_);
    if (ended_)
      return;
    ended_ = why;
  }
  changed_.notify_all();
  asio::post(*node_->io, [self = shared_from_this(), words = std::move(last_words), why]() mutable {
    self->life_timer_.cancel();
    self->drop_work();
    if (self->link_)
      self->link_->end_after(std::move(words), why);
  });
}

bool stream_channel::send(base::bytes frame) {
  std::shared_ptr<connection> link;
  {
    std::lock_guard lock(mutex_);
    if (ended_)
      return false;
    link = link_;
  }
  return link && link->send(std::move(frame));
}

} // namespace transport
