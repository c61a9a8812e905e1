// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>

#include "transport/stream_channel.hpp"

namespace transport {

/// The receiving end's machinery: waits for the offer, hands the stream out, keeps what
/// came and was not yet read, at most a window of it.
class stream_receiver final : public stream_channel {
public:
  using taker = std::function<void(std::unique_ptr<incoming_stream>)>;

  /// `take` outlives the I/O thread; may be empty.
  stream_receiver(std::shared_ptr<node_context> node, const taker& take);

  /// I/O thread; once, from the handshake's handler.
  void begin(greeted with);

  // The holder's thread.
  base::status accept(std::uint64_t offset);
  base::result<base::bytes> read();
  base::status complete();

private:
  void on_body(const frame_view& frame) override;
  void drop_work() override { offer_deadline_.cancel(); }
  void on_offer(const frame_view& frame);
  void on_chunk(const frame_view& frame);
  void on_stream_end(const frame_view& frame);

  const taker& take_;
  asio::steady_timer offer_deadline_;

  // Under the mutex.
  bool is_offered_ = false;
  bool is_accepted_ = false;
  std::uint64_t size_bytes_ = 0;
  std::uint64_t came_ = 0;  // below this all bytes came
  std::uint64_t taken_ = 0; // below this they were read
  std::deque<base::bytes> chunks_;
  bool has_all_ = false;
};

} // namespace transport
