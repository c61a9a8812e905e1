// SPDX-License-Identifier: Apache-2.0
#include "storage/log_copy.hpp"

#include "base/check.hpp"
#include "storage/log_codec.hpp"
#include "storage/plain_files.hpp"

namespace storage {

namespace mark = log_codec::mark;

namespace {

/// LMDB keeps the pages of a transaction in memory until it ends.
constexpr std::size_t bytes_per_transaction = std::size_t{8} * 1024 * 1024;

std::string lock_path(const std::string& path) {
  return path + "-lock";
}

} // namespace

base::result<std::unique_ptr<log_copy>> log_copy::begin(const std::string& path, log_state state,
                                                        std::uint64_t map_bytes) {
  for (const auto& leftover : {path, lock_path(path)})
    if (auto removed = remove_file(leftover); !removed)
      return base::fail(removed.error());
  std::unique_ptr<log_copy> begun(new log_copy(path, std::move(state)));
  if (auto opened = begun->open(map_bytes); !opened)
    return base::fail(opened.error().within("copy the log to " + path));
  return begun;
}

base::status log_copy::open(std::uint64_t map_bytes) {
  last_ = state_.snapshot.id;
  chain_ = state_.snapshot.chain;
  auto environment = lmdb_environment::open({path_, lmdb_access::create, map_bytes, {}});
  if (!environment)
    return base::fail(environment.error());
  environment_ = std::move(*environment);
  auto within = environment_->begin_write();
  if (!within)
    return base::fail(within.error());
  auto tables = open_log_tables(*within, true);
  if (!tables)
    return base::fail(tables.error());
  tables_ = *tables;
  return within->commit();
}

log_copy::~log_copy() {
  within_.reset();
  environment_.reset();
  [[maybe_unused]] auto removed = remove_file(lock_path(path_));
}

std::optional<raft::log_index> log_copy::next() const {
  if (last_.index >= state_.last.index)
    return std::nullopt;
  return last_.index.next();
}

base::status log_copy::append(const std::vector<raft::entry>& entries) {
  for (const auto& entry : entries) {
    if (!next())
      break;
    BASE_CHECK(entry.id.index == *next(), "INV-142: a copy has no gap");
    if (raft::next_chain(chain_, entry.id, entry.kind, entry.payload.hash()) != entry.chain)
      return base::fail(base::errc::busy,
                        "the log was changed at entry " + std::to_string(entry.id.index.value));
    if (!within_) {
      auto within = environment_->begin_write();
      if (!within)
        return base::fail(within.error());
      within_.emplace(std::move(*within));
    }
    auto record = log_codec::encode_entry(entry, state_.identity.log_uuid);
    if (auto put = within_->append(tables_.entries, log_codec::encode_key(entry.id.index), record);
        !put)
      return put;
    last_ = entry.id;
    chain_ = entry.chain;
    bytes_uncommitted_ += record.size();
    if (bytes_uncommitted_ >= bytes_per_transaction)
      if (auto done = commit(); !done)
        return done;
  }
  return {};
}

base::status log_copy::commit() {
  bytes_uncommitted_ = 0;
  if (!within_)
    return {};
  auto done = within_->commit();
  within_.reset();
  return done;
}

base::status log_copy::finish() {
  BASE_CHECK(!next(), "INV-142: a copy is finished when all entries came");
  // The suffix may have been replaced by one of the same length: the chain tells.
  if (last_ != state_.last || chain_ != state_.last_chain)
    return base::fail(base::errc::busy, "the log was changed while it was copied");
  if (auto done = commit(); !done)
    return done;
  if (auto done = put_marks(); !done)
    return done;
  environment_.reset();
  return remove_file(lock_path(path_));
}

base::status log_copy::put_marks() {
  auto within = environment_->begin_write();
  if (!within)
    return base::fail(within.error());
  const auto& uuid = state_.identity.log_uuid;
  auto put = [&](std::string_view name, const auto& value, const base::uuid& by) {
    return put_log_mark(*within, tables_, name, value, by);
  };
  auto done = put(mark::format, log_codec::store_format, {});
  if (done)
    done = put(mark::identity, state_.identity, {});
  if (done)
    done = put(mark::hard_state, state_.hard_state, uuid);
  if (done)
    done = put(mark::snapshot_point, state_.snapshot, uuid);
  if (done)
    done = put(mark::checkpoints,
               log_codec::checkpoint_marks{state_.checkpoint_started, state_.checkpoint_completed},
               uuid);
  if (done && state_.pending)
    done = put(mark::pending_install, *state_.pending, uuid);
  if (done)
    done = put(mark::write_counter, state_.write_counter, uuid);
  return done ? within->commit() : done;
}

} // namespace storage
