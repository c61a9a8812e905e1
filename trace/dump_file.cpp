// SPDX-License-Identifier: Apache-2.0
#include "trace/dump_file.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <limits>
#include <map>

#include "trace/event_words.hpp"
#include "trace/name_table.hpp"
#include "trace/ring_memory.hpp"

namespace trace {

namespace {

/// The events of each thread, in chunks of one claim each.
struct chunk_of_events {
  std::uint64_t thread;
  std::vector<const event*> events;
};

std::vector<chunk_of_events> chunks_of(const std::vector<recorded_event>& events) {
  std::vector<chunk_of_events> chunks;
  std::map<std::uint64_t, std::size_t> open; // thread → its chunk that has room
  for (const auto& each : events) {
    auto [at, is_new] = open.try_emplace(each.thread, chunks.size());
    if (is_new || chunks[at->second].events.size() == layout::slots_per_chunk) {
      at->second = chunks.size();
      chunks.push_back({each.thread, {}});
    }
    chunks[at->second].events.push_back(&each.event);
  }
  return chunks;
}

void write_header(layout::header& header, const recording& what, std::size_t chunk_count) {
  header.version = layout::version;
  header.chunk_count = chunk_count;
  header.node_id = what.node_id;
  header.process_id = what.process_id;
  header.boot = what.boot;
  header.steady_ns = what.steady_ns;
  header.unix_ns = what.unix_ns;
  header.next_claim = chunk_count;
  header.ended = what.ended;
  header.lost_until_ns = what.whole_since_ns;
  if (what.whole_until_ns != std::numeric_limits<std::uint64_t>::max())
    header.whole_until_ns = what.whole_until_ns;
  auto reason_bytes = std::min(what.reason.size(), header.reason.size() - 1);
  std::memcpy(header.reason.data(), what.reason.data(), reason_bytes);
  header.magic = layout::magic;
  std::size_t used = 0;
  for (std::size_t i = 1; i < what.names.size(); ++i) {
    const auto& name = what.names[i];
    header.names[used] = static_cast<char>(name.size());
    std::memcpy(header.names.data() + used + 1, name.data(), name.size());
    used += 1 + name.size();
  }
  header.names_used = used;
}

void write_chunk(layout::chunk& chunk, const chunk_of_events& what, std::uint64_t claim) {
  chunk.head.claim = claim;
  chunk.head.thread = what.thread;
  for (std::size_t i = 0; i < what.events.size(); ++i) {
    auto words = pack(*what.events[i]);
    std::copy(words.begin(), words.end(), chunk.slots[i].words.begin());
    chunk.slots[i].stamp = layout::stamp_of(claim, i);
  }
}

std::size_t size_of(const std::vector<chunk_of_events>& chunks) {
  return sizeof(layout::header) + chunks.size() * sizeof(layout::chunk);
}

/// `into` is zeroed, and of that size.
void write_ring(void* into, const recording& what, const std::vector<chunk_of_events>& chunks) {
  auto* header = new (into) layout::header;
  write_header(*header, what, chunks.size());
  auto* place = reinterpret_cast<layout::chunk*>(header + 1);
  for (std::size_t i = 0; i < chunks.size(); ++i)
    write_chunk(place[i], chunks[i], i + 1);
}

} // namespace

base::status write_dump_file(const std::string& path, const recording& what) {
  auto chunks = chunks_of(what.events);
  auto partial = path + ".partial";
  auto memory = ring_memory::in_file(partial, size_of(chunks));
  if (!memory)
    return base::fail(memory.error());
  write_ring(memory->data(), what, chunks);
  if (std::rename(partial.c_str(), path.c_str()) != 0) {
    std::remove(partial.c_str());
    return base::fail(base::errc::io, "rename " + partial + " to " + path);
  }
  return {};
}

std::string to_ring_bytes(const recording& what) {
  auto chunks = chunks_of(what.events);
  std::string bytes(size_of(chunks), '\0');
  write_ring(bytes.data(), what, chunks);
  return bytes;
}

} // namespace trace
