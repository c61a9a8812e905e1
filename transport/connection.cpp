// SPDX-License-Identifier: Apache-2.0
#include "transport/connection.hpp"

#include <utility>

#include <asio/post.hpp>

#include "transport/bounds.hpp"

namespace transport {

namespace {

// How long last words may take to reach a peer that is slow to read them.
constexpr auto linger_time = std::chrono::milliseconds(1000);

std::chrono::steady_clock::rep now() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

} // namespace

connection::connection(std::shared_ptr<asio::io_context> io, std::unique_ptr<byte_stream> stream,
                       std::string remote_address, std::size_t outbound_bytes_max)
  : io_(std::move(io)), stream_(std::move(stream)), remote_address_(std::move(remote_address)),
    outbox_(outbound_bytes_max), reader_(bounds::greeting_body_bytes_max), linger_timer_(*io_),
    last_heard_(now()) {}

void connection::handshake(bool is_dialler, std::function<void(const base::status&)> handler) {
  stream_->handshake(is_dialler, [self = shared_from_this(),
                                  handler = std::move(handler)](const std::error_code& error) {
    if (self->has_ended_)
      return;
    if (error)
      handler(base::fail(base::errc::io, self->stream_->explain(error)));
    else
      handler({});
  });
}

void connection::handle(handlers to) {
  handlers_ = std::make_shared<handlers>(std::move(to));
}

void connection::start_reading() {
  read();
}

void connection::read() {
  is_reading_ = true;
  stream_->read_some(reader_.prepare(),
                     [self = shared_from_this()](const std::error_code& error, std::size_t count) {
                       self->is_reading_ = false;
                       self->on_read(error, count);
                     });
}

void connection::on_read(const std::error_code& error, std::size_t count) {
  if (is_lingering_)
    return error ? stop_lingering() : read(); // what comes is thrown away
  if (has_ended_)
    return;
  if (error)
    return end({base::errc::io, stream_->explain(error)});
  last_heard_.store(now(), std::memory_order_relaxed);
  bytes_in_.fetch_add(count, std::memory_order_relaxed);
  reader_.commit(count);
  take_frames();
  if (!has_ended_ || is_lingering_)
    read();
}

void connection::take_frames() {
  while (!has_ended_) {
    auto frame = reader_.next();
    auto to = handlers_; // may be replaced by what it calls
    if (!frame)
      return to->on_bad_bytes(frame.error());
    if (!*frame)
      return;
    to->on_frame(**frame);
  }
}

bool connection::send(base::bytes frame) {
  auto outcome = outbox_.put(std::move(frame));
  if (outcome.wakes)
    asio::post(*io_, [self = shared_from_this()] { self->flush(); });
  return outcome.is_taken;
}

// A write that fails is not the end: the read beside it fails too, and says more. There the
// other side's last words may still wait, or the alert that refuses a certificate.
void connection::flush() {
  if (has_ended_ && !is_lingering_)
    return;
  const auto& bytes = outbox_.take();
  if (bytes.empty())
    return is_lingering_ ? stream_->shut_down_sending() : void();
  stream_->write(bytes,
                 [self = shared_from_this()](const std::error_code& error, std::size_t count) {
                   self->bytes_out_.fetch_add(count, std::memory_order_relaxed);
                   if (error)
                     self->outbox_.close();
                   else
                     self->flush();
                 });
}

void connection::end(base::error why) {
  if (has_ended_)
    return;
  has_ended_ = true;
  outbox_.close();
  stream_->close();
  finish(why);
}

// After the last words their reader's end is waited for: closing with bytes unread would
// reset the connection, and take the last words away from the other side.
void connection::end_after(base::bytes last_words, base::error why) {
  if (has_ended_)
    return;
  auto outcome = outbox_.put(std::move(last_words));
  has_ended_ = true;
  is_lingering_ = true;
  outbox_.close();
  linger_timer_.expires_after(linger_time);
  linger_timer_.async_wait([self = shared_from_this()](const std::error_code&) {
    self->is_lingering_ = false;
    self->stream_->close();
  });
  if (outcome.wakes)
    asio::post(*io_, [self = shared_from_this()] { self->flush(); });
  if (!is_reading_)
    asio::post(*io_, [self = shared_from_this()] {
      if (self->is_lingering_ && !self->is_reading_)
        self->read();
    });
  finish(why);
}

void connection::stop_lingering() {
  linger_timer_.cancel(); // its handler closes
}

void connection::finish(const base::error& why) {
  auto to = std::exchange(handlers_, nullptr);
  if (to && to->on_end)
    to->on_end(why);
}

} // namespace transport
