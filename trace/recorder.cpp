// SPDX-License-Identifier: Apache-2.0
#include "trace/recorder.hpp"

#include <chrono>

#include <unistd.h>

#include "base/check.hpp"
#include "trace/event_words.hpp"

namespace trace {

namespace {

template <class Clock>
std::uint64_t nanoseconds_of() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch())
          .count());
}

std::uint64_t next_recorder_number() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

/// The time of the youngest event in a chunk whose claim was `claim`; zero: none.
std::uint64_t last_time_of(const layout::chunk& chunk, std::uint64_t claim) {
  for (auto i = layout::slots_per_chunk; claim != 0 && i-- > 0;)
    if (chunk.slots[i].stamp.load(std::memory_order_acquire) == layout::stamp_of(claim, i))
      return chunk.slots[i].words[0].load(std::memory_order_relaxed);
  return 0;
}

layout::header& write_header(ring_memory& memory, const process_identity& process) {
  BASE_CHECK(memory.size() >= ring_file_bytes_min, "a ring has room for a header and chunks");
  auto& header = *new (memory.data()) layout::header;
  header.version = layout::version;
  header.chunk_count = (memory.size() - sizeof(layout::header)) / sizeof(layout::chunk);
  header.node_id = process.node_id;
  header.process_id = static_cast<std::uint64_t>(::getpid());
  header.boot = process.boot;
  header.steady_ns = nanoseconds_of<std::chrono::steady_clock>();
  header.unix_ns = nanoseconds_of<std::chrono::system_clock>();
  header.magic = layout::magic; // last: without it there is no recording
  return header;
}

} // namespace

std::uint64_t steady_now_ns() noexcept {
  return nanoseconds_of<std::chrono::steady_clock>();
}

span_id next_span() noexcept {
  constexpr span_id block = 1024; // threads take numbers by the block, not to contend
  static std::atomic<span_id> next_block{1};
  thread_local span_id next = 0;
  thread_local span_id end = 0;
  if (next == end) {
    next = next_block.fetch_add(block, std::memory_order_relaxed);
    end = next + block;
  }
  return next++;
}

/// Where a thread writes: its chunk, and the next slot in it.
struct recorder::position {
  std::uint64_t recorder = 0;
  layout::chunk* place = nullptr;
  std::uint64_t claim = 0;
  std::size_t next = 0;

  bool is_usable(std::uint64_t number) const {
    return recorder == number && next < layout::slots_per_chunk
           && place->head.claim.load(std::memory_order_relaxed) == claim;
  }
};

recorder::recorder(ring_memory memory, const process_identity& process)
  : number_(next_recorder_number()), memory_(std::move(memory)),
    header_(write_header(memory_, process)),
    chunks_(reinterpret_cast<layout::chunk*>(memory_.data() + sizeof(layout::header))),
    names_(header_) {}

void recorder::record(const event& what) noexcept {
  thread_local position mine;
  if (!mine.is_usable(number_)) [[unlikely]]
    claim_chunk(mine);
  auto& slot = mine.place->slots[mine.next];
  // Readers see a stamp only with all words behind it; and who saw a word of this event, each
  // of which is released, finds the stamp of the older one gone.
  slot.stamp.store(0, std::memory_order_relaxed);
  auto words = pack(what);
  for (std::size_t i = 0; i < words.size(); ++i)
    slot.words[i].store(words[i], std::memory_order_release);
  slot.stamp.store(layout::stamp_of(mine.claim, mine.next), std::memory_order_release);
  ++mine.next;
  // Somebody took the chunk meanwhile: this event may be gone, or may have broken one of theirs.
  if (mine.place->head.claim.load(std::memory_order_relaxed) != mine.claim) [[unlikely]]
    note_lost(steady_now_ns());
}

void recorder::note_lost(std::uint64_t until_ns) noexcept {
  auto before = header_.lost_until_ns.load(std::memory_order_relaxed);
  while (
      before < until_ns
      && !header_.lost_until_ns.compare_exchange_weak(before, until_ns, std::memory_order_release))
    ;
}

void recorder::claim_chunk(position& mine) noexcept {
  auto claims_before = header_.next_claim.fetch_add(1, std::memory_order_relaxed);
  mine = {number_, chunks_ + claims_before % header_.chunk_count, claims_before + 1, 0};
  // No reader takes this thread's number for the one of the claim before.
  auto overwritten = mine.place->head.claim.exchange(0, std::memory_order_relaxed);
  if (auto last_ns = last_time_of(*mine.place, overwritten); last_ns != 0)
    note_lost(last_ns);
  mine.place->head.thread.store(static_cast<std::uint64_t>(::gettid()), std::memory_order_release);
  mine.place->head.claim.store(mine.claim, std::memory_order_release);
}

recording recorder::read(std::uint64_t since_ns, std::size_t events_max) const {
  auto began_ns = steady_now_ns();
  auto read = read_ring(header_, chunks_, since_ns, events_max);
  read.whole_until_ns = began_ns;
  return read;
}

void recorder::note_end() noexcept {
  header_.ended.store(ended_in_order, std::memory_order_release);
}

void recorder::note_signal(int signal) noexcept {
  header_.ended.store(static_cast<std::uint64_t>(signal), std::memory_order_release);
}

} // namespace trace
