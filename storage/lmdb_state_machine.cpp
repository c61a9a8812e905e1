// SPDX-License-Identifier: Apache-2.0
#include "storage/lmdb_state_machine.hpp"

#include "storage/entry_applier.hpp"
#include "storage/files.hpp"
#include "storage/lmdb_reader.hpp"
#include "storage/lmdb_rows.hpp"

namespace storage {

namespace {

class lmdb_row_table final : public row_table {
public:
  lmdb_row_table(lmdb_transaction& within, lmdb_table table) : rows_(within, table) {}

  base::result<std::optional<found_row>> find(std::string_view key) override {
    auto found = rows_.find(key);
    if (!found)
      return base::fail(found.error());
    if (!*found)
      return std::nullopt;
    return found_row{(*found)->mark, (*found)->digest};
  }
  base::status insert(std::string_view key, base::byte_view value, const row_mark& mark,
                      const state_digest& digest) override {
    return rows_.put(key, {mark, digest, value});
  }
  base::status update(std::string_view key, base::byte_view value, const row_mark& mark,
                      const state_digest& digest) override {
    return rows_.put(key, {mark, digest, value});
  }
  base::status erase(std::string_view key) override { return rows_.erase(key); }

private:
  lmdb_rows rows_;
};

} // namespace

base::result<std::unique_ptr<lmdb_state_machine>> lmdb_state_machine::open(
    const lmdb_state_options& options) {
  auto environment = lmdb_environment::open(
      {options.path, lmdb_access::existing, options.map_bytes, options.fault});
  if (!environment)
    return base::fail(environment.error());
  std::unique_ptr<lmdb_state_machine> machine(
      new lmdb_state_machine(options, std::move(*environment)));
  if (auto done = machine->load(); !done)
    return base::fail(done.error().within("open " + options.path));
  return machine;
}

base::result<std::unique_ptr<lmdb_state_machine>> lmdb_state_machine::create(
    const lmdb_state_options& options, const storage::identity& identity) {
  state_meta genesis;
  genesis.chain = raft::chain_seed(identity.cluster_id);
  if (auto made = create_lmdb_state(options.path, options.map_bytes, identity, genesis); !made)
    return base::fail(made.error());
  return open(options);
}

base::status lmdb_state_machine::load() {
  auto tables = open_state_tables(*environment_);
  if (!tables)
    return base::fail(tables.error());
  tables_ = *tables;
  auto transaction = environment_->begin_read();
  if (!transaction)
    return base::fail(transaction.error());
  auto recorded = read_recorded_state(*transaction, tables_);
  if (!recorded)
    return base::fail(recorded.error());
  if (auto sealed = check_seals(*recorded); !sealed)
    return sealed;
  recorded_ = std::move(*recorded);
  identity_ = recorded_.identity();
  return {};
}

base::result<std::vector<command_result>> lmdb_state_machine::apply(
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
  return results;
}

base::result<std::vector<command_result>> lmdb_state_machine::apply_in_transaction(
    const std::vector<raft::entry>& entries, const std::vector<entry_effect>& effects,
    recorded_state& next) {
  auto transaction = environment_->begin_write();
  if (!transaction)
    return base::fail(transaction.error());
  lmdb_row_table rows(*transaction, tables_.rows);
  auto results = apply_effects(rows, next.replicated.meta, entries, effects, changes_);
  if (!results)
    return results;
  next.meta_values = to_values(identity_.cluster_id, next.replicated.meta);
  next.local_values =
      to_values(identity_, next.local.watermark, next.local.wal_restarts, next.local.outvoted);
  if (auto done = write_values(*transaction, tables_.meta, next.meta_values); !done)
    return base::fail(done.error());
  if (auto done = write_values(*transaction, tables_.local, next.local_values); !done)
    return base::fail(done.error());
  if (auto done = transaction->commit(); !done)
    return base::fail(done.error());
  return results;
}

base::status lmdb_state_machine::record_outvoted(const raft::state_outvote& what) {
  if (latch_)
    return base::fail(*latch_);
  auto next = recorded_;
  next.local.outvoted = what;
  next.local_values = to_values(identity_, next.local.watermark, next.local.wal_restarts, what);
  auto transaction = environment_->begin_write();
  if (!transaction)
    return base::fail(note(transaction.error()));
  auto done = write_values(*transaction, tables_.local, next.local_values);
  if (done)
    done = transaction->commit();
  if (!done)
    return base::fail(note(done.error().within("record that the state is outvoted")));
  recorded_ = std::move(next);
  latch_ = base::error{base::errc::unsupported, "the state was outvoted by other replicas"};
  return {};
}

base::error lmdb_state_machine::note(base::error failure) {
  if (is_latching(failure.code))
    latch_ = failure.within("the file failed earlier");
  return failure;
}

base::result<std::unique_ptr<state_reader>> lmdb_state_machine::open_reader() {
  if (!environment_)
    return base::fail(*latch_);
  return make_lmdb_reader(environment_, tables_);
}

base::result<checkpoint_report> lmdb_state_machine::checkpoint(checkpoint_mode) {
  return base::fail(base::errc::unsupported, "the lmdb backend has no WAL");
}

base::result<bool> lmdb_state_machine::restart_wal() {
  return base::fail(base::errc::unsupported, "the lmdb backend has no WAL");
}

namespace {

/// Holds the environment only while it copies: LMDB allows one open of a file at a time.
class lmdb_snapshot_source final : public snapshot_source {
public:
  lmdb_snapshot_source(std::weak_ptr<lmdb_environment> environment, lmdb_state_tables tables,
                       std::uint64_t map_bytes, std::shared_ptr<snapshot_gate> gate)
    : environment_(std::move(environment)), tables_(tables), map_bytes_(map_bytes),
      gate_(std::move(gate)) {}

  base::result<snapshot_report> write(const std::string& to, const snapshot_watch& watch) override {
    auto inside = gate_->enter();
    auto environment = environment_.lock();
    if (!inside || !environment)
      return base::fail(base::errc::interrupted, "the state machine was given up");
    const auto began_with = environment->sizes().file_bytes;
    if (auto enough = check_free_space(to, base::limits::snapshot_space_factor * began_with);
        !enough)
      return base::fail(enough.error());
    auto transaction = environment->begin_read();
    if (!transaction)
      return base::fail(transaction.error());
    bool grew_too_much = false;
    auto bounded = watch;
    bounded.keep_going = [&] {
      // Pages that the copy's transaction may read are not used again.
      grew_too_much = environment->sizes().file_bytes > began_with + watch.held_bytes_max;
      return !grew_too_much && !gate_->is_shut() && watch.may_go_on();
    };
    auto report = write_lmdb_snapshot(*transaction, tables_, to, map_bytes_, bounded);
    if (!report && grew_too_much)
      return base::fail(base::errc::limit, "the copy made " + environment->path() + " grow beyond "
                                               + std::to_string(watch.held_bytes_max) + " bytes");
    return report;
  }

private:
  std::weak_ptr<lmdb_environment> environment_;
  lmdb_state_tables tables_;
  std::uint64_t map_bytes_;
  std::shared_ptr<snapshot_gate> gate_;
};

} // namespace

std::unique_ptr<snapshot_source> lmdb_state_machine::open_snapshots() {
  return std::make_unique<lmdb_snapshot_source>(environment_, tables_, options_.map_bytes,
                                                snapshots_);
}

base::status lmdb_state_machine::give_up() {
  if (latch_)
    return base::fail(*latch_);
  bool is_alone = snapshots_->shut() && environment_.use_count() == 1;
  if (!is_alone)
    return base::fail(base::errc::busy, "a reader or a snapshot of this node has the state open");
  environment_.reset();
  latch_ = base::error{base::errc::unsupported, "the state machine was given up to be replaced"};
  return {};
}

base::result<std::optional<state_digest>> lmdb_state_machine::verify_rows(
    const std::function<bool()>& keep_going) {
  if (!environment_)
    return base::fail(*latch_);
  auto transaction = environment_->begin_read();
  if (!transaction)
    return base::fail(transaction.error());
  auto report = verify_lmdb_rows(*transaction, tables_, keep_going);
  if (!report)
    return base::fail(report.error());
  if (!*report)
    return std::nullopt;
  return (*report)->meta.digest;
}

std::uint64_t lmdb_state_machine::file_bytes() const {
  return environment_ ? environment_->sizes().file_bytes : 0;
}

} // namespace storage
