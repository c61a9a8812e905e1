// SPDX-License-Identifier: Apache-2.0
#include "trace/recording.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <functional>
#include <map>
#include <memory>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/event_words.hpp"
#include "trace/name_table.hpp"
#include "trace/ring_memory.hpp"

namespace trace {

namespace {

/// The event with that stamp, unless the slot holds another, or becomes another meanwhile.
bool read_slot(const layout::slot& slot, std::uint64_t stamp, event& out) {
  if (slot.stamp.load(std::memory_order_acquire) != stamp)
    return false;
  event_words words;
  for (std::size_t i = 0; i < words.size(); ++i)
    words[i] = slot.words[i].load(std::memory_order_acquire);
  if (slot.stamp.load(std::memory_order_relaxed) != stamp)
    return false;
  out = unpack(words);
  return true;
}

/// What was read of one claim, beside its events.
struct claim_read {
  std::uint64_t claim = 0; ///< zero: nothing
  std::uint64_t thread = 0;
  std::uint64_t first_ns = 0; ///< of its events
  bool is_full = false;
};

claim_read read_chunk(const layout::chunk& chunk, std::uint64_t since_ns,
                      std::vector<recorded_event>& out) {
  auto claim = chunk.head.claim.load(std::memory_order_acquire);
  auto thread = chunk.head.thread.load(std::memory_order_acquire);
  auto first = out.size();
  event read;
  // One thread fills a chunk in the order of time: whoever looks again and again skips what is old.
  constexpr auto last = layout::slots_per_chunk - 1;
  if (since_ns > 0 && claim != 0
      && read_slot(chunk.slots[last], layout::stamp_of(claim, last), read)
      && read.time_ns < since_ns)
    return {};
  claim_read told{claim, thread, 0, false};
  std::size_t count = 0;
  for (; claim != 0 && count < layout::slots_per_chunk; ++count) {
    if (!read_slot(chunk.slots[count], layout::stamp_of(claim, count), read))
      break;
    if (count == 0)
      told.first_ns = read.time_ns;
    if (read.time_ns >= since_ns)
      out.push_back({read, thread});
  }
  told.is_full = count == layout::slots_per_chunk;
  // The thread number belongs to one claim: if that changed, none of it is sure.
  if (chunk.head.claim.load(std::memory_order_relaxed) == claim)
    return told;
  out.resize(first);
  return {};
}

/// A thread leaves a chunk when it is full. Where one ends before that, and the thread went on in
/// another, what stood between was overwritten, or came while the ring was read.
std::uint64_t last_gap_ns(std::vector<claim_read> all) {
  std::erase_if(all, [](const claim_read& each) { return each.claim == 0; });
  std::ranges::sort(all, {}, &claim_read::claim);
  std::uint64_t until = 0;
  std::map<std::uint64_t, bool> was_full; // thread → its claim before
  for (const auto& each : all) {
    auto [before, is_first] = was_full.try_emplace(each.thread, each.is_full);
    if (!is_first && !before->second)
      until = std::max(until, each.first_ns);
    before->second = each.is_full;
  }
  return until;
}

/// Since when nothing was overwritten, as far as the ring says.
std::uint64_t whole_since(const layout::header& place) {
  auto lost_until = place.lost_until_ns.load(std::memory_order_acquire);
  bool was_overwritten = place.next_claim.load(std::memory_order_acquire) > place.chunk_count;
  return was_overwritten && lost_until == 0 ? std::numeric_limits<std::uint64_t>::max()
                                            : lost_until;
}

/// Before they are sorted: what is not shown costs no order. Those that stay, stay in theirs.
void drop_oldest(recording& from, std::size_t kept) {
  std::vector<std::uint64_t> times;
  for (const auto& each : from.events)
    times.push_back(each.event.time_ns);
  auto last = times.begin() + static_cast<std::ptrdiff_t>(kept - 1);
  std::ranges::nth_element(times, last, std::ranges::greater());
  auto oldest = *last;
  auto as_old = static_cast<std::size_t>(std::count(times.begin(), last + 1, oldest));
  std::erase_if(from.events, [&](const recorded_event& each) {
    if (each.event.time_ns == oldest && as_old > 0)
      return --as_old, false;
    return each.event.time_ns <= oldest;
  });
  from.whole_since_ns = std::max(from.whole_since_ns, oldest);
  from.is_cut = true;
}

recording head_of(const layout::header& place) {
  recording out;
  out.node_id = place.node_id;
  out.process_id = place.process_id;
  out.boot = place.boot;
  out.ended = place.ended.load(std::memory_order_acquire);
  out.steady_ns = place.steady_ns;
  out.unix_ns = place.unix_ns;
  out.reason.assign(place.reason.data(), ::strnlen(place.reason.data(), place.reason.size()));
  return out;
}

base::status check_header(const layout::header& place, std::uint64_t bytes) {
  if (place.magic != layout::magic)
    return base::fail(base::errc::incompatible, "not a recording");
  if (place.version != layout::version)
    return base::fail(base::errc::incompatible,
                      "a recording of version " + std::to_string(place.version)
                          + "; this program reads version " + std::to_string(layout::version));
  auto whole = (bytes - sizeof(layout::header)) / sizeof(layout::chunk);
  if (place.chunk_count != whole)
    return base::fail(base::errc::corrupt,
                      "the recording states " + std::to_string(place.chunk_count)
                          + " chunks, the file has room for " + std::to_string(whole));
  return {};
}

tl::unexpected<base::error> failed(const std::string& doing) {
  auto code = errno == ENOENT ? base::errc::not_found : base::errc::io;
  return base::fail(code, doing + ": " + std::strerror(errno));
}

/// A descriptor that is closed at the end of scope.
struct open_file {
  int descriptor;
  explicit open_file(const std::string& path)
    : descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) {}
  ~open_file() {
    if (descriptor >= 0)
      ::close(descriptor);
  }
  open_file(const open_file&) = delete;
  open_file& operator=(const open_file&) = delete;
};

/// A whole file in memory of our own: a map of it would end the process where the device
/// cannot deliver a page.
base::result<ring_memory> read_whole(const std::string& path) {
  open_file file(path);
  struct stat what{};
  if (file.descriptor < 0 || ::fstat(file.descriptor, &what) != 0)
    return failed("open " + path);
  auto bytes = static_cast<std::size_t>(what.st_size);
  if (!S_ISREG(what.st_mode) || bytes < sizeof(layout::header) || bytes > ring_file_bytes_max)
    return base::fail(base::errc::incompatible, path + ": not a recording");
  auto memory = ring_memory::in_memory(bytes);
  for (std::size_t at = 0; memory && at < bytes;) {
    auto count = ::pread(file.descriptor, memory->data() + at, bytes - at, static_cast<off_t>(at));
    if (count < 0)
      return failed("read " + path);
    if (count == 0)
      return base::fail(base::errc::corrupt, path + ": ends before its size");
    at += static_cast<std::size_t>(count);
  }
  // What was overwritten meanwhile is noted in its beginning.
  if (memory
      && ::pread(file.descriptor, memory->data(), sizeof(layout::header), 0)
             != static_cast<ssize_t>(sizeof(layout::header)))
    return failed("read " + path);
  return memory;
}

std::uint64_t now_ns(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000
         + static_cast<std::uint64_t>(now.tv_nsec);
}

/// Whether its steady clock is the one of this machine since it was started: then the process
/// may still run.
bool is_of_this_boot(const recording& what) {
  constexpr std::uint64_t difference_max_ns = 60'000'000'000;
  auto here = now_ns(CLOCK_REALTIME) - now_ns(CLOCK_MONOTONIC);
  auto there = what.unix_ns - what.steady_ns;
  return std::max(here, there) - std::min(here, there) < difference_max_ns;
}

/// Of memory that nobody writes.
base::result<recording> read_copy(const ring_memory& memory) {
  const auto& place = *reinterpret_cast<const layout::header*>(memory.data());
  if (auto sound = check_header(place, memory.size()); !sound)
    return base::fail(sound.error());
  return read_ring(place,
                   reinterpret_cast<const layout::chunk*>(memory.data() + sizeof(layout::header)),
                   0, all_events);
}

} // namespace

const std::string& recording::name_of(name_id id) const {
  static const std::string unknown = "?";
  return id < names.size() ? names[id] : unknown;
}

recording read_ring(const layout::header& place, const layout::chunk* chunks,
                    std::uint64_t since_ns, std::size_t events_max) {
  auto out = head_of(place);
  std::vector<claim_read> claims;
  for (std::uint64_t i = 0; i < place.chunk_count; ++i)
    claims.push_back(read_chunk(chunks[i], since_ns, out.events));
  out.whole_since_ns = std::max({since_ns > place.steady_ns ? since_ns : 0, whole_since(place),
                                 last_gap_ns(std::move(claims))});
  if (place.whole_until_ns != 0)
    out.whole_until_ns = place.whole_until_ns;
  if (out.events.size() > events_max)
    drop_oldest(out, std::max<std::size_t>(events_max, 1));
  out.names = read_names(place); // after the events: a name is there before its first use
  std::stable_sort(out.events.begin(), out.events.end(),
                   [](const recorded_event& left, const recorded_event& right) {
                     return left.event.time_ns < right.event.time_ns;
                   });
  return out;
}

base::result<recording> read_ring_head(const std::string& path) {
  open_file file(path);
  struct stat what{};
  if (file.descriptor < 0 || ::fstat(file.descriptor, &what) != 0)
    return failed("open " + path);
  auto memory = std::make_unique<layout::header>();
  if (!S_ISREG(what.st_mode)
      || ::pread(file.descriptor, memory.get(), sizeof(layout::header), 0)
             != static_cast<ssize_t>(sizeof(layout::header)))
    return base::fail(base::errc::incompatible, path + ": not a recording");
  if (auto sound = check_header(*memory, static_cast<std::uint64_t>(what.st_size)); !sound)
    return base::fail(sound.error().within(path));
  return head_of(*memory);
}

base::result<recording> read_ring_file(const std::string& path) {
  auto began_ns = now_ns(CLOCK_MONOTONIC);
  auto memory = read_whole(path);
  if (!memory)
    return base::fail(memory.error());
  auto read = read_copy(*memory);
  if (!read)
    return base::fail(read.error().within(path));
  if (read->ended == 0 && is_of_this_boot(*read))
    read->whole_until_ns = std::min(read->whole_until_ns, began_ns);
  return read;
}

base::result<recording> read_ring_bytes(std::string_view bytes) {
  if (bytes.size() < sizeof(layout::header) || bytes.size() > ring_file_bytes_max)
    return base::fail(base::errc::incompatible, "not a recording");
  auto memory = ring_memory::in_memory(bytes.size());
  if (!memory)
    return base::fail(memory.error());
  std::memcpy(memory->data(), bytes.data(), bytes.size());
  return read_copy(*memory);
}

} // namespace trace
