// SPDX-License-Identifier: Apache-2.0
#include "transport/stream_receiver.hpp"

#include <utility>

#include "base/check.hpp"
#include "base/log.hpp"
#include "transport/bounds.hpp"
#include "transport/message_codec.hpp"

namespace transport {

stream_receiver::stream_receiver(std::shared_ptr<node_context> node, const taker& take)
  : stream_channel(std::move(node)), take_(take), offer_deadline_(*node_->io) {}

void stream_receiver::begin(greeted with) {
  auto self = shared_from_this();
  attach(std::move(with));
  offer_deadline_.expires_after(node_->settings.times.handshake_timeout);
  offer_deadline_.async_wait([self](const std::error_code& error) {
    if (!error)
      self->end({base::errc::timeout, "no offer came"});
  });
}

void stream_receiver::on_body(const frame_view& frame) {
  switch (frame.header.type) {
  case frame_type::stream_offered: return on_offer(frame);
  case frame_type::stream_chunk: return on_chunk(frame);
  case frame_type::stream_end: return on_stream_end(frame);
  default: return end_as_bad(to_string(frame.header.type) + " does not go to a receiver");
  }
}

void stream_receiver::on_offer(const frame_view& frame) {
  auto body = decode_stream_offer(frame.body);
  if (!body)
    return end_as_bad(body.error().text);
  offer_deadline_.cancel();
  bool is_first = false;
  {
    std::lock_guard lock(mutex_);
    is_first = !std::exchange(is_offered_, true);
    if (is_first)
      size_bytes_ = body->size_bytes;
  }
  if (!is_first)
    return end_as_bad("a second offer");
  if (!take_)
    return give_up({base::errc::unsupported, "this server takes no snapshots"});
  auto self = std::static_pointer_cast<stream_receiver>(shared_from_this());
  take_(std::make_unique<incoming_stream>(self, other(), std::move(*body)));
}

void stream_receiver::on_chunk(const frame_view& frame) {
  auto body = decode_stream_chunk(frame.body);
  if (!body)
    return end_as_bad(body.error().text);
  auto size = body->bytes.size();
  {
    std::lock_guard lock(mutex_);
    bool is_next = is_accepted_ && !has_all_ && body->offset == came_ && size > 0
                   && size <= size_bytes_ - came_;
    bool fits =
        size <= bounds::chunk_bytes_max && came_ + size - taken_ <= bounds::stream_window_bytes;
    if (is_next && fits) {
      came_ += size;
      chunks_.push_back(std::move(body->bytes));
      return changed_.notify_all();
    }
  }
  end_as_bad("a chunk that does not follow the last one, or exceeds the window");
}

void stream_receiver::on_stream_end(const frame_view& frame) {
  auto body = decode_stream_end(frame.body);
  if (!body)
    return end_as_bad(body.error().text);
  {
    std::lock_guard lock(mutex_);
    if (is_accepted_ && !has_all_ && body->size_bytes == size_bytes_ && came_ == size_bytes_) {
      has_all_ = true;
      return changed_.notify_all();
    }
  }
  end_as_bad("the end before all bytes came");
}

base::status stream_receiver::accept(std::uint64_t offset) {
  {
    std::lock_guard lock(mutex_);
    BASE_CHECK(!is_accepted_ && offset <= size_bytes_,
               "an offer is accepted once, within its size");
    if (ended_)
      return base::fail(*ended_);
    is_accepted_ = true;
    came_ = taken_ = offset;
  }
  send(encode(stream_accepted{offset}));
  return {};
}

base::result<base::bytes> stream_receiver::read() {
  base::bytes chunk;
  std::uint64_t taken = 0;
  {
    std::unique_lock lock(mutex_);
    BASE_CHECK(is_accepted_, "a stream is read once it is accepted");
    changed_.wait(lock, [this] { return ended_ || !chunks_.empty() || has_all_; });
    if (ended_)
      return base::fail(*ended_);
    if (chunks_.empty())
      return base::bytes{};
    chunk = std::move(chunks_.front());
    chunks_.pop_front();
    taken = taken_ += chunk.size();
  }
  send(encode(stream_progress{taken}));
  return chunk;
}

base::status stream_receiver::complete() {
  {
    std::lock_guard lock(mutex_);
    if (ended_)
      return base::fail(*ended_);
    BASE_CHECK(has_all_ && chunks_.empty(), "a stream is complete once all of it was read");
  }
  end_with(encode(stream_complete{size_bytes_}),
           {base::errc::interrupted, "the stream is complete"});
  return {};
}

// --- the handle

incoming_stream::incoming_stream(std::shared_ptr<stream_receiver> channel, raft::server_id from,
                                 stream_offer what)
  : channel_(std::move(channel)), from_(from), offer_(std::move(what)) {}

incoming_stream::~incoming_stream() {
  channel_->give_up({base::errc::interrupted, "the receiver gave up"});
}

base::status incoming_stream::accept(std::uint64_t offset) {
  return channel_->accept(offset);
}

void incoming_stream::refuse(std::string reason) {
  channel_->give_up({base::errc::invalid, std::move(reason)});
}

base::result<base::bytes> incoming_stream::read() {
  return channel_->read();
}

base::status incoming_stream::complete() {
  return channel_->complete();
}

void incoming_stream::cancel() {
  channel_->give_up({base::errc::interrupted, "the receiver cancelled"});
}

} // namespace transport
