// SPDX-License-Identifier: Apache-2.0
#include "trace/recording.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

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

void read_chunk(const layout::chunk& chunk, std::uint64_t since_ns,
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
    return;
  for (std::size_t i = 0; claim != 0 && i < layout::slots_per_chunk; ++i)
    if (!read_slot(chunk.slots[i], layout::stamp_of(claim, i), read))
      break;
    else if (read.time_ns >= since_ns)
      out.push_back({read, thread});
  // The thread number belongs to one claim: if that changed, none of it is sure.
  if (chunk.head.claim.load(std::memory_order_relaxed) != claim)
    out.resize(first);
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
  return memory;
}

} // namespace

const std::string& recording::name_of(name_id id) const {
  static const std::string unknown = "?";
  return id < names.size() ? names[id] : unknown;
}

recording read_ring(const layout::header& place, const layout::chunk* chunks,
                    std::uint64_t since_ns) {
  recording out;
  out.node_id = place.node_id;
  out.process_id = place.process_id;
  out.boot = place.boot;
  out.ended = place.ended.load(std::memory_order_acquire);
  out.steady_ns = place.steady_ns;
  out.unix_ns = place.unix_ns;
  for (std::uint64_t i = 0; i < place.chunk_count; ++i)
    read_chunk(chunks[i], since_ns, out.events);
  out.names = read_names(place); // after the events: a name is there before its first use
  std::stable_sort(out.events.begin(), out.events.end(),
                   [](const recorded_event& left, const recorded_event& right) {
                     return left.event.time_ns < right.event.time_ns;
                   });
  return out;
}

base::result<recording> read_ring_file(const std::string& path) {
  auto memory = read_whole(path);
  if (!memory)
    return base::fail(memory.error());
  const auto& place = *reinterpret_cast<const layout::header*>(memory->data());
  if (auto sound = check_header(place, memory->size()); !sound)
    return base::fail(sound.error().within(path));
  return read_ring(
      place, reinterpret_cast<const layout::chunk*>(memory->data() + sizeof(layout::header)), 0);
}

} // namespace trace
