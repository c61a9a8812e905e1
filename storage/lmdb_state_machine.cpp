// SPDX-License-Identifier: Apache-2.0
#include "storage/lmdb_state_machine.hpp"

#include "storage/entry_applier.hpp"
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
  if (!results)
    return base::fail(note(results.error().within("apply")));
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
  auto results = apply_effects(rows, next.replicated.meta, entries, effects);
  if (!results)
    return results;
  next.meta_values = to_values(identity_.cluster_id, next.replicated.meta);
  next.local_values = to_values(identity_, next.local.watermark, next.local.wal_restarts);
  if (auto done = write_values(*transaction, tables_.meta, next.meta_values); !done)
    return base::fail(done.error());
  if (auto done = write_values(*transaction, tables_.local, next.local_values); !done)
    return base::fail(done.error());
  if (auto done = transaction->commit(); !done)
    return base::fail(done.error());
  return results;
}

base::error lmdb_state_machine::note(base::error failure) {
  if (is_latching(failure.code))
    latch_ = failure.within("the file failed earlier");
  return failure;
}

base::result<std::unique_ptr<state_reader>> lmdb_state_machine::open_reader() {
  return make_lmdb_reader(environment_, tables_);
}

base::result<checkpoint_report> lmdb_state_machine::checkpoint(checkpoint_mode) {
  return base::fail(base::errc::unsupported, "the lmdb backend has no WAL");
}

base::result<bool> lmdb_state_machine::restart_wal() {
  return base::fail(base::errc::unsupported, "the lmdb backend has no WAL");
}

base::result<snapshot_report> lmdb_state_machine::write_snapshot(const std::string& path) {
  auto transaction = environment_->begin_read();
  if (!transaction)
    return base::fail(transaction.error());
  return write_lmdb_snapshot(*transaction, tables_, path, options_.map_bytes);
}

base::result<std::optional<state_digest>> lmdb_state_machine::verify_rows(
    const std::function<bool()>& keep_going) {
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
  return environment_->sizes().file_bytes;
}

} // namespace storage
