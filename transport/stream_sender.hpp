// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transport/dialler.hpp"
#include "transport/stream_channel.hpp"

namespace transport {

/// The sending end's machinery: dials, offers, keeps within the window the receiver's
/// progress opens.
class stream_sender final : public stream_channel {
public:
  stream_sender(std::shared_ptr<node_context> node, stream_offer what);

  /// I/O thread; once.
  void begin(const peer& to);

  // The holder's thread.
  base::status wait_for_answer(std::chrono::milliseconds timeout);
  std::uint64_t resume_offset() const;
  base::status write(base::byte_view bytes);
  base::status finish();

private:
  void on_greeted(greeting_outcome outcome);
  void on_body(const frame_view& frame) override;
  void drop_work() override;
  void on_accepted(const frame_view& frame);
  void on_progress(const frame_view& frame);
  void on_complete(const frame_view& frame);
  base::status write_chunk(base::byte_view bytes);

  const stream_offer offer_;
  std::shared_ptr<dialler> dialler_; // I/O thread

  // Under the mutex.
  std::optional<std::uint64_t> resume_offset_; // set when the offer was accepted
  std::uint64_t sent_ = 0;                     // below this all bytes were sent
  std::uint64_t taken_ = 0;                    // below this the receiver took them
  bool has_said_end_ = false;
  bool is_complete_ = false;
};

} // namespace transport
