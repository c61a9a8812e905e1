// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite_state_machine.hpp"

#include <sqlite3.h>

#include "base/check.hpp"
#include "storage/lock_holders.hpp"
#include "storage/plain_files.hpp"
#include "storage/sqlite_error.hpp"
#include "storage/sqlite_reader.hpp"
#include "storage/sqlite_snapshot.hpp"
#include "storage/sqlite_verify.hpp"

namespace storage {

/// The rows within the write transaction. Two statements a change: one finds the row and
/// its digest by the index, the other changes it by its rowid.
class sqlite_state_machine::kv_table final : public row_table {
public:
  explicit kv_table(statements& prepared) : statements_(prepared) {}

  base::result<std::optional<found_row>> find(std::string_view key) override {
    sqlite_run run(statements_.find);
    run->bind_text(1, key);
    auto has_row = run->step();
    if (!has_row)
      return base::fail(has_row.error());
    if (!*has_row)
      return std::nullopt;
    rowid_ = run->number(0);
    auto digest = digest_from_bytes(run->bytes(4));
    if (!digest)
      return base::fail(base::errc::corrupt, "the digest of a row is damaged: " + std::string(key));
    return found_row{{revision{run->number(1)}, revision{run->number(2)}, run->number(3)}, *digest};
  }

  base::status insert(std::string_view key, base::byte_view value, const row_mark& mark,
                      const state_digest& digest) override {
    auto stored_digest = to_bytes(digest);
    return statements_.insert.bind_text(1, key)
        .bind_number(2, mark.create_revision.value)
        .bind_number(3, mark.mod_revision.value)
        .bind_number(4, mark.version)
        .bind_blob(5, stored_digest)
        .bind_blob(6, value)
        .run();
  }

  base::status update(std::string_view, base::byte_view value, const row_mark& mark,
                      const state_digest& digest) override {
    auto stored_digest = to_bytes(digest);
    return statements_.update.bind_number(1, rowid_)
        .bind_number(2, mark.mod_revision.value)
        .bind_number(3, mark.version)
        .bind_blob(4, stored_digest)
        .bind_blob(5, value)
        .run();
  }

  base::status erase(std::string_view) override {
    return statements_.erase.bind_number(1, rowid_).run();
  }

private:
  statements& statements_;
  std::uint64_t rowid_ = 0;
};

sqlite_state_machine::sqlite_state_machine(sqlite_state_options options, sqlite_database database)
  : options_(std::move(options)), database_(std::move(database)) {}

base::result<std::unique_ptr<sqlite_state_machine>> sqlite_state_machine::open(
    const sqlite_state_options& options) {
  auto database =
      sqlite_database::open(options.path, {sqlite_access::read_write, options.busy_timeout,
                                           options.writer_cache_bytes, options.vfs});
  if (!database)
    return base::fail(database.error());
  if (auto done = check_format(*database); !done)
    return base::fail(done.error());
  std::unique_ptr<sqlite_state_machine> machine(
      new sqlite_state_machine(options, std::move(*database)));
  if (auto done = machine->enter_wal(); !done)
    return base::fail(done.error().within("open " + options.path));
  auto recorded = read_recorded_state(machine->database_);
  if (!recorded)
    return base::fail(recorded.error().within("open " + options.path));
  if (auto done = check_seals(*recorded); !done)
    return base::fail(done.error().within("open " + options.path));
  machine->recorded_ = std::move(*recorded);
  machine->identity_ = machine->recorded_.identity();
  if (auto done = machine->prepare_statements(); !done)
    return base::fail(done.error().within("open " + options.path));
  return machine;
}

base::result<std::unique_ptr<sqlite_state_machine>> sqlite_state_machine::create(
    const sqlite_state_options& options, const storage::identity& identity) {
  state_meta genesis;
  genesis.chain = raft::chain_seed(identity.cluster_id);
  if (auto made = create_sqlite_state(options.path, identity, genesis, options.vfs); !made)
    return base::fail(made.error());
  return open(options);
}

base::status sqlite_state_machine::enter_wal() {
  if (auto done = database_.set_pragma("journal_mode", "WAL", "wal"); !done)
    return done;
  // SQLite removes the journal of that step without a sync of the directory, and does not look
  // at the outcome of the next one: the journal must not come back beside newer pages.
  if (auto done = sync_directory_of(options_.path); !done)
    return done;
  // Says whether a WAL was recovered: nobody knows yet which of its frames the database
  // file has, so all count as not copied.
  constexpr std::uint64_t frame_bytes = 4096 + 24;
  constexpr std::uint64_t header_bytes = 32;
  auto bytes = file_size(wal_path(options_.path));
  wal_frames_ = bytes > header_bytes ? (bytes - header_bytes) / frame_bytes : 0;
  // After the settings: `wal_autocheckpoint` takes the same hook away.
  sqlite3_wal_hook(database_.handle(), &sqlite_state_machine::on_commit, this);
  return {};
}

base::status sqlite_state_machine::prepare_statements() {
  struct recipe {
    sqlite_statement& statement;
    const char* sql;
  };
  const recipe recipes[] = {
      {statements_.find, "SELECT rowid, create_revision, mod_revision, version, digest"
                         " FROM state_machine_kv WHERE key = ?1"},
      {statements_.insert, "INSERT INTO state_machine_kv(key, create_revision, mod_revision,"
                           " version, digest, value) VALUES(?1, ?2, ?3, ?4, ?5, ?6)"},
      {statements_.update, "UPDATE state_machine_kv SET mod_revision = ?2, version = ?3,"
                           " digest = ?4, value = ?5 WHERE rowid = ?1"},
      {statements_.erase, "DELETE FROM state_machine_kv WHERE rowid = ?1"},
      {statements_.set_meta, "INSERT INTO state_machine_meta(key, value) VALUES(?1, ?2)"
                             " ON CONFLICT(key) DO UPDATE SET value = excluded.value"},
      {statements_.set_local, "INSERT INTO node_local(key, value) VALUES(?1, ?2)"
                              " ON CONFLICT(key) DO UPDATE SET value = excluded.value"},
  };
  for (const auto& each : recipes) {
    auto prepared = database_.prepare(each.sql);
    if (!prepared)
      return base::fail(prepared.error());
    each.statement = std::move(*prepared);
  }
  return {};
}

int sqlite_state_machine::on_commit(void* self, sqlite3*, const char*, int frames) {
  auto* machine = static_cast<sqlite_state_machine*>(self);
  auto now = static_cast<std::uint64_t>(frames);
  // Only a WAL that was copied whole is written from its start again.
  if (machine->frames_copied_ == machine->wal_frames_
      && machine->wal_salt() != machine->salt_when_copied_)
    machine->frames_copied_ = 0;
  machine->wal_frames_ = now;
  return SQLITE_OK;
}

base::result<std::vector<command_result>> sqlite_state_machine::apply(
    const std::vector<raft::entry>& entries, const log_watermark& watermark) {
  if (latch_)
    return base::fail(*latch_);
  check_continues(meta(), entries, watermark);
  check_watermark_grows(recorded_.local.watermark, watermark);
  auto effects = decode_effects(entries);
  if (!effects)
    return base::fail(effects.error().within("apply"));
  auto next = recorded_;
  next.local.watermark = watermark;
  auto results = apply_in_transaction(entries, *effects, next);
  if (!results) {
    changes_.rolled_back();
    return base::fail(note(results.error().within("apply")));
  }
  changes_.committed();
  recorded_ = std::move(next);
  has_only_restarts_since_copied_ = false;
  return results;
}

base::result<std::vector<command_result>> sqlite_state_machine::apply_in_transaction(
    const std::vector<raft::entry>& entries, const std::vector<entry_effect>& effects,
    recorded_state& next) {
  auto transaction = sqlite_transaction::begin_write(database_);
  if (!transaction)
    return base::fail(name_holder(transaction.error()));
  kv_table rows(statements_);
  auto results = apply_effects(rows, next.replicated.meta, entries, effects, changes_);
  if (!results)
    return results;
  if (auto done = write_recorded(next); !done)
    return base::fail(done.error());
  if (auto done = transaction->commit(); !done)
    return base::fail(done.error());
  return results;
}

base::status sqlite_state_machine::commit_recorded(recorded_state& next) {
  auto transaction = sqlite_transaction::begin_write(database_);
  if (!transaction)
    return base::fail(name_holder(transaction.error()));
  if (auto done = write_recorded(next); !done)
    return done;
  if (auto done = transaction->commit(); !done)
    return done;
  recorded_ = std::move(next);
  return {};
}

base::status sqlite_state_machine::write_recorded(recorded_state& next) {
  next.meta_values = to_values(identity_.cluster_id, next.replicated.meta);
  next.local_values =
      to_values(identity_, next.local.watermark, next.local.wal_restarts, next.local.outvoted);
  if (auto done = write_changes(statements_.set_meta, recorded_.meta_values, next.meta_values);
      !done)
    return done;
  return write_changes(statements_.set_local, recorded_.local_values, next.local_values);
}

base::status sqlite_state_machine::record_outvoted(const raft::state_outvote& what) {
  if (latch_)
    return base::fail(*latch_);
  auto next = recorded_;
  next.local.outvoted = what;
  if (auto done = commit_recorded(next); !done)
    return base::fail(note(done.error().within("record that the state is outvoted")));
  latch_ = base::error{base::errc::unsupported, "the state was outvoted by other replicas"};
  return {};
}

base::status sqlite_state_machine::write_changes(sqlite_statement& statement,
                                                 const value_table& before,
                                                 const value_table& after) {
  for (const auto& [key, value] : after) {
    auto old = before.find(key);
    if (old != before.end() && old->second == value)
      continue;
    if (auto done = statement.bind_text(1, key).bind_text(2, value).run(); !done)
      return done;
  }
  return {};
}

base::error sqlite_state_machine::name_holder(base::error failure) const {
  if (failure.code == base::errc::busy)
    if (auto who = describe(lock_holders(options_.path)); !who.empty())
      failure.text += "; locks are held by " + who;
  return failure;
}

base::error sqlite_state_machine::note(base::error failure) {
  BASE_CHECK(!database_.is_in_transaction(), "a failed transaction was not rolled back");
  if (is_latching(failure.code))
    latch_ = failure.within("the database failed earlier");
  return failure;
}

base::result<std::unique_ptr<state_reader>> sqlite_state_machine::open_reader() {
  return sqlite_reader::open(options_.path, {sqlite_access::read_only, options_.reader_busy_timeout,
                                             options_.reader_cache_bytes, options_.vfs});
}

namespace {

class sqlite_snapshot_source final : public snapshot_source {
public:
  sqlite_snapshot_source(std::string path, std::string vfs, std::shared_ptr<snapshot_gate> gate)
    : path_(std::move(path)), vfs_(std::move(vfs)), gate_(std::move(gate)) {}

  base::result<snapshot_report> write(const std::string& to, const snapshot_watch& watch) override {
    auto inside = gate_->enter();
    if (!inside)
      return base::fail(base::errc::interrupted, "the state machine was given up");
    auto both = watch;
    both.keep_going = [this, &watch] { return !gate_->is_shut() && watch.may_go_on(); };
    return write_sqlite_snapshot(path_, to, both, vfs_);
  }

private:
  std::string path_;
  std::string vfs_;
  std::shared_ptr<snapshot_gate> gate_;
};

} // namespace

std::unique_ptr<snapshot_source> sqlite_state_machine::open_snapshots() {
  return std::make_unique<sqlite_snapshot_source>(options_.path, options_.vfs, snapshots_);
}

base::result<std::optional<state_digest>> sqlite_state_machine::verify_rows(
    const std::function<bool()>& keep_going) {
  auto database =
      sqlite_database::open(options_.path, {sqlite_access::read_only, options_.reader_busy_timeout,
                                            options_.reader_cache_bytes, options_.vfs});
  if (!database)
    return base::fail(database.error());
  auto verified = verify_sqlite_rows(*database, keep_going);
  if (!verified)
    return base::fail(verified.error());
  if (!*verified)
    return std::nullopt;
  return (*verified)->meta.digest;
}

std::uint64_t sqlite_state_machine::file_bytes() const {
  return file_size(options_.path);
}

// In WAL mode every connection holds a lock on the file for its life, so that leaving the
// mode succeeds only for who is alone with it.
base::status sqlite_state_machine::give_up() {
  if (latch_)
    return base::fail(*latch_);
  if (!snapshots_->shut())
    return base::fail(base::errc::busy, "a snapshot is being made of the state machine");
  if (auto done = database_.set_busy_timeout(std::chrono::milliseconds{0}); !done)
    return base::fail(note(done.error().within("leave the WAL")));
  auto left = database_.set_pragma("journal_mode", "DELETE", "delete");
  if (auto done = database_.set_busy_timeout(options_.busy_timeout); !done)
    return base::fail(note(done.error().within("leave the WAL")));
  if (!left)
    return base::fail(note(name_holder(left.error()).within("leave the WAL")));
  latch_ = base::error{base::errc::unsupported, "the database was given up to be replaced"};
  return {};
}

} // namespace storage
