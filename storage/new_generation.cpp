// SPDX-License-Identifier: Apache-2.0
#include "storage/new_generation.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>

#include "base/check.hpp"
#include "storage/files.hpp"
#include "storage/lmdb_log_store.hpp"
#include "storage/log_seed.hpp"
#include "storage/plain_files.hpp"
#include "storage/state_file.hpp"

namespace storage {

namespace fs = std::filesystem;

namespace {

/// The new log holds its marks alone; the node opens it with a map of its own.
constexpr std::uint64_t new_log_map_bytes = std::uint64_t{16} << 20;
constexpr std::size_t unfinished_text_max = 4096;

std::string mark_in(const std::string& data_dir) {
  return (fs::path(data_dir) / unfinished_name).string();
}

} // namespace

new_generation plan_generation(const state_meta& from, raft::member self) {
  // Revisions are signed numbers in SQLite.
  constexpr std::uint64_t index_max = std::numeric_limits<std::int64_t>::max();
  BASE_CHECK(self.id != raft::server_id{}, "INV-146: a generation has a server");
  BASE_CHECK(from.last_applied.index.value <= index_max - generation_index_gap,
             "INV-146: the index of a new generation is a number");
  self.incarnation = base::random_uuid();
  new_generation made;
  made.identity = {base::random_uuid(), self.id, self.incarnation, base::random_uuid()};
  made.point.id = {raft::log_index{from.last_applied.index.value + generation_index_gap},
                   raft::term{from.last_applied.term.value + 1}};
  made.point.chain = raft::chain_seed(made.identity.cluster_id);
  made.point.membership.voters.push_back(std::move(self));
  made.meta = {made.point.id, made.point.chain, made.point.membership, from.digest};
  return made;
}

base::status found_generation(const store_paths& into, const std::string& copy,
                              const new_generation& what) {
  BASE_CHECK(unfinished_text(into.data_dir).has_value(),
             "INV-147: a directory is marked before its stores are made");
  log_watermark watermark{0, what.point.id.index};
  if (auto done = rewrite_values(into.backend, copy, what.identity, what.meta, watermark); !done)
    return base::fail(done.error().within("rewrite " + copy));
  if (auto done = sync_and_rename(copy, into.state_path); !done)
    return base::fail(done.error());
  lmdb_log_options log;
  log.path = into.log_path;
  log.map_bytes = new_log_map_bytes;
  return lmdb_log_store::create(log, continuing_seed(what.identity, what.point));
}

base::status mark_unfinished(const std::string& data_dir, const std::string& text) {
  auto path = mark_in(data_dir);
  if (auto made = make_private_file(path); !made)
    return made;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text << '\n';
  file.close();
  if (!file)
    return base::fail(base::errc::io, "write " + path);
  if (auto synced = sync_file(path); !synced)
    return synced;
  return sync_directory(data_dir);
}

base::status clear_unfinished(const std::string& data_dir) {
  return durable_remove(mark_in(data_dir));
}

std::optional<std::string> unfinished_text(const std::string& data_dir) {
  auto path = mark_in(data_dir);
  if (!file_exists(path))
    return std::nullopt;
  std::string text(unfinished_text_max, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  text.erase(text.find_last_not_of('\n') + 1);
  return text;
}

} // namespace storage
