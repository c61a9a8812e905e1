// SPDX-License-Identifier: Apache-2.0
#include "transport/stream_sender.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "transport/bounds.hpp"
#include "transport/message_codec.hpp"

namespace transport {

namespace {

// What may wait for the socket: a window, and the small frames beside it.
constexpr std::size_t outbound_bytes_max = bounds::stream_window_bytes + 2 * bounds::mebibyte;

} // namespace

stream_sender::stream_sender(std::shared_ptr<node_context> node, stream_offer what)
  : stream_channel(std::move(node)), offer_(std::move(what)) {}

void stream_sender::begin(const peer& to) {
  if (node_->is_stopping || has_ended())
    return end({base::errc::interrupted, "this server is stopping"});
  dialler_ = std::make_shared<dialler>(node_, to, purpose::snapshot, outbound_bytes_max);
  dialler_->dial([self = std::static_pointer_cast<stream_sender>(shared_from_this())](
                     greeting_outcome outcome) { self->on_greeted(std::move(outcome)); });
}

void stream_sender::on_greeted(greeting_outcome outcome) {
  dialler_ = nullptr;
  if (!outcome) {
    auto why = outcome.error().why;
    if (outcome.error().reason == refusal_reason::busy)
      why.code = base::errc::busy;
    return end(std::move(why));
  }
  attach(std::move(*outcome));
  send(encode(offer_));
}

void stream_sender::on_body(const frame_view& frame) {
  switch (frame.header.type) {
  case frame_type::stream_accepted: return on_accepted(frame);
  case frame_type::stream_progress: return on_progress(frame);
  case frame_type::stream_complete: return on_complete(frame);
  default: return end_as_bad(to_string(frame.header.type) + " does not go to a sender");
  }
}

void stream_sender::on_accepted(const frame_view& frame) {
  auto body = decode_stream_accepted(frame.body);
  if (!body)
    return end_as_bad(body.error().text);
  {
    std::lock_guard lock(mutex_);
    if (!resume_offset_ && body->offset <= offer_.size_bytes) {
      resume_offset_ = sent_ = taken_ = body->offset;
      return changed_.notify_all();
    }
  }
  end_as_bad("accepted twice, or beyond the end");
}

void stream_sender::on_progress(const frame_view& frame) {
  auto body = decode_stream_progress(frame.body);
  if (!body)
    return end_as_bad(body.error().text);
  {
    std::lock_guard lock(mutex_);
    if (body->offset >= taken_ && body->offset <= sent_) {
      taken_ = body->offset;
      return changed_.notify_all();
    }
  }
  end_as_bad("progress went back, or beyond what was sent");
}

void stream_sender::on_complete(const frame_view& frame) {
  auto body = decode_stream_complete(frame.body);
  if (!body)
    return end_as_bad(body.error().text);
  bool is_due = false;
  {
    std::lock_guard lock(mutex_);
    is_due = has_said_end_ && body->size_bytes == offer_.size_bytes;
    is_complete_ = is_due;
  }
  if (is_due)
    end({base::errc::interrupted, "the stream is complete"});
  else
    end_as_bad("complete before the end");
}

void stream_sender::drop_work() {
  if (auto dialler = std::exchange(dialler_, nullptr))
    dialler->abandon();
}

base::status stream_sender::wait_for_answer(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  bool is_answered = changed_.wait_for(lock, timeout, [this] { return ended_ || resume_offset_; });
  if (ended_)
    return base::fail(*ended_);
  if (!is_answered)
    return base::fail(base::errc::timeout, "the offer was not answered");
  return {};
}

std::uint64_t stream_sender::resume_offset() const {
  std::lock_guard lock(mutex_);
  BASE_CHECK(resume_offset_.has_value(), "a stream is handed out once it is accepted");
  return *resume_offset_;
}

base::status stream_sender::write(base::byte_view bytes) {
  while (!bytes.empty()) {
    auto piece = bytes.substr(0, bounds::chunk_bytes_max);
    if (auto written = write_chunk(piece); !written)
      return written;
    bytes.remove_prefix(piece.size());
  }
  return {};
}

base::status stream_sender::write_chunk(base::byte_view bytes) {
  std::uint64_t offset = 0;
  {
    std::unique_lock lock(mutex_);
    if (!ended_ && bytes.size() > offer_.size_bytes - sent_)
      return base::fail(base::errc::invalid, "more bytes are written than were offered");
    changed_.wait(lock, [&] {
      return ended_ || sent_ + bytes.size() - taken_ <= bounds::stream_window_bytes;
    });
    if (ended_)
      return base::fail(*ended_);
    offset = std::exchange(sent_, sent_ + bytes.size());
  }
  send(encode(stream_chunk{offset, base::bytes(bytes)}));
  return {}; // a connection that ended meanwhile is noticed by the next call
}

base::status stream_sender::finish() {
  {
    std::lock_guard lock(mutex_);
    BASE_CHECK(ended_ || sent_ == offer_.size_bytes, "a stream is finished when all is written");
    has_said_end_ = true;
  }
  send(encode(stream_end{offer_.size_bytes}));
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ended_.has_value(); });
  return is_complete_ ? base::status{} : base::status(base::fail(*ended_));
}

// --- the handle

outgoing_stream::outgoing_stream(std::shared_ptr<stream_sender> channel)
  : channel_(std::move(channel)) {}

outgoing_stream::~outgoing_stream() {
  channel_->give_up({base::errc::interrupted, "the sender gave up"});
}

std::uint64_t outgoing_stream::resume_offset() const {
  return channel_->resume_offset();
}

base::status outgoing_stream::write(base::byte_view bytes) {
  return channel_->write(bytes);
}

base::status outgoing_stream::finish() {
  return channel_->finish();
}

void outgoing_stream::cancel() {
  channel_->give_up({base::errc::interrupted, "the sender cancelled"});
}

} // namespace transport
