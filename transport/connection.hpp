// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include "base/result.hpp"
#include "transport/byte_stream.hpp"
#include "transport/frame.hpp"
#include "transport/outbox.hpp"

namespace transport {

/// Frames over one socket. It reads all the time and hands whole frames on; it writes what
/// gathered in its outbox. Everything but `send`, `last_heard`, `outbound_bytes` and the
/// counters is for the I/O thread. It lives as long as its reads and writes do.
class connection : public std::enable_shared_from_this<connection> {
public:
  struct handlers {
    /// A frame with good checksums. May call anything here, `end` included.
    std::function<void(const frame_view&)> on_frame;
    /// What came is no frame, and nothing after it can be read: is to call `end_after`.
    std::function<void(const base::error&)> on_bad_bytes;
    /// Called once, when nothing will be read any more.
    std::function<void(const base::error&)> on_end;
  };

  connection(std::shared_ptr<asio::io_context> io, std::unique_ptr<byte_stream> stream,
             std::string remote_address, std::size_t outbound_bytes_max);

  void handshake(bool is_dialler, std::function<void(const base::status&)> handler);
  base::status check_name(raft::server_id id) { return stream_->check_name(id); }

  /// Who gets the frames from here on; replaces who got them before.
  void handle(handlers to);
  /// Begins to read. Requires: `handle` was called; once.
  void start_reading();
  void set_body_bytes_max(std::size_t bytes) { reader_.set_body_bytes_max(bytes); }

  /// False when the frame does not fit the bound, or the connection ended. Any thread.
  bool send(base::bytes frame);

  /// Closes at once. `why` goes to `on_end`, from within this call; later calls do nothing.
  void end(base::error why);
  /// The same, but `last_words` and what waits are written first, within a bounded time; an
  /// `on_end` is called at once, and nothing is read any more.
  void end_after(base::bytes last_words, base::error why);

  bool has_ended() const { return has_ended_; }
  const std::string& remote_address() const { return remote_address_; }
  /// Any thread.
  std::chrono::steady_clock::time_point last_heard() const {
    return std::chrono::steady_clock::time_point(
        std::chrono::steady_clock::duration(last_heard_.load(std::memory_order_relaxed)));
  }

  std::size_t outbound_bytes() const { return outbox_.bytes(); }
  std::uint64_t bytes_in() const { return bytes_in_.load(std::memory_order_relaxed); }
  std::uint64_t bytes_out() const { return bytes_out_.load(std::memory_order_relaxed); }

private:
  void read();
  void on_read(const std::error_code& error, std::size_t count);
  void take_frames();
  void flush();
  void finish(const base::error& why); // calls on_end
  void stop_lingering();

  std::shared_ptr<asio::io_context> io_;
  std::unique_ptr<byte_stream> stream_;
  const std::string remote_address_;
  outbox outbox_;
  frame_reader reader_;
  std::shared_ptr<handlers> handlers_;
  asio::steady_timer linger_timer_;
  std::atomic<std::chrono::steady_clock::rep> last_heard_;
  bool is_reading_ = false;
  bool has_ended_ = false;
  bool is_lingering_ = false; // ended; what waits is still written
  std::atomic<std::uint64_t> bytes_in_{0};
  std::atomic<std::uint64_t> bytes_out_{0};
};

} // namespace transport
