// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include <asio/steady_timer.hpp>

#include "transport/greeter.hpp"
#include "transport/node_context.hpp"
#include "transport/stream_codec.hpp"

/// What both ends of a stream have in common: the connection, signs of life, one end.
/// A holder's thread blocks on the condition; the I/O thread wakes it.
namespace transport {

class stream_channel : public std::enable_shared_from_this<stream_channel> {
public:
  explicit stream_channel(std::shared_ptr<node_context> node);
  virtual ~stream_channel() = default;
  stream_channel(const stream_channel&) = delete;
  stream_channel& operator=(const stream_channel&) = delete;

  /// Ends it, with a word to the other side. Any thread; only the first end counts.
  void give_up(base::error why);
  /// Ends it at once. I/O thread.
  void end(base::error why);
  bool has_ended() const;

protected:
  /// Takes the connection over: frames go to `on_body`. I/O thread.
  void attach(greeted with);
  /// A frame of a stream. I/O thread.
  virtual void on_body(const frame_view& frame) = 0;
  /// It ended: whatever else is under way should, too. I/O thread.
  virtual void drop_work() = 0;
  /// Ends it because of what the other side sent. I/O thread.
  void end_as_bad(const std::string& what);
  /// The last frame, then the end. Any thread.
  void end_with(base::bytes last_words, base::error why);

  /// False when it ended. Any thread.
  bool send(base::bytes frame);
  template <class Body>
  base::bytes encode(const Body& body) const {
    return encode_stream(body, version(), node_->settings.self);
  }
  raft::server_id other() const { return other_.server; } // I/O thread

  const std::shared_ptr<node_context> node_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<base::error> ended_; // under the mutex, as the link
  std::shared_ptr<connection> link_;

private:
  void on_frame(const frame_view& frame);
  void show_life();
  std::uint8_t version() const;

  identity other_;           // I/O thread
  std::uint8_t version_ = 0; // under the mutex
  asio::steady_timer life_timer_;
};

} // namespace transport
