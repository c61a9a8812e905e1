// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "trace/event.hpp"
#include "trace/name_table.hpp"
#include "trace/recording.hpp"
#include "trace/ring_memory.hpp"

namespace trace {

/// The clock of `event::time_ns`.
std::uint64_t steady_now_ns() noexcept;

/// A fresh number for a message, unlike all others of this process. Any thread.
span_id next_span() noexcept;

/// What the header of a recording says about the process that made it.
struct process_identity {
  std::uint64_t node_id = 0;
  base::uuid boot;
};

/// The flight recorder: keeps the last events of the process in a ring. Recording takes no
/// lock, allocates nothing, and never waits for a reader. Outlives every thread that
/// records into it.
class recorder {
public:
  /// Requires: `memory` is zeroed and of at least `ring_file_bytes_min`.
  recorder(ring_memory memory, const process_identity& process);
  recorder(const recorder&) = delete;
  recorder& operator=(const recorder&) = delete;

  /// Any thread; not from a signal handler.
  void record(const event& what) noexcept;
  name_id id_of(std::string_view name) { return names_.id_of(name); }
  /// Of a text that is not one of a few: bounded, `name_table` says how.
  name_id id_of_text(std::string_view text) { return names_.id_of_text(text); }
  std::uint64_t texts_left_out() const { return names_.texts_left_out(); }

  /// What the ring holds now, from `since_ns` (steady clock) on, of it the newest `events_max` events.
  /// Any thread; writers go on. Takes time and memory in proportion to what it returns, beside a look
  /// at each chunk.
  recording read(std::uint64_t since_ns = 0, std::size_t events_max = all_events) const;

  /// Whether what is recorded outlives a crash of the process.
  bool is_in_file() const { return memory_.is_file(); }
  /// No other recorder of this process has or had it: one may be at the address of another that
  /// is gone. For whoever remembers names by thread.
  std::uint64_t number() const { return number_; }
  std::size_t size_bytes() const { return memory_.size(); }

  /// Says in the recording that the process ended in order.
  void note_end() noexcept;
  /// Says in the recording by which signal it ends. Async-signal-safe.
  void note_signal(int signal) noexcept;

private:
  struct position;
  void claim_chunk(position& mine) noexcept;
  void note_lost(std::uint64_t until_ns) noexcept;

  const std::uint64_t number_; ///< tells this recorder from others a thread has known
  ring_memory memory_;
  layout::header& header_;
  layout::chunk* const chunks_;
  name_table names_;
};

} // namespace trace
