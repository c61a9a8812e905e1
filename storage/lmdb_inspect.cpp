// SPDX-License-Identifier: Apache-2.0
#include "storage/lmdb_inspect.hpp"

#include "storage/lmdb_rows.hpp"
#include "storage/lmdb_state_file.hpp"

namespace storage {

namespace {

class lmdb_inspection final : public state_inspection {
public:
  lmdb_inspection(std::unique_ptr<lmdb_environment> environment, const lmdb_state_tables& tables,
                  state_facts facts)
    : environment_(std::move(environment)), tables_(tables), facts_(std::move(facts)) {}

  const state_facts& facts() const override { return facts_; }

  /// LMDB has no check of its own: what can be checked is that every item of every table
  /// is reached in order and as often as the table counts.
  base::status check_structure() override {
    auto transaction = environment_->begin_read();
    if (!transaction)
      return base::fail(transaction.error());
    for (auto table : {tables_.format, tables_.rows, tables_.meta, tables_.local})
      if (auto done = check_table(*transaction, table); !done)
        return done;
    return {};
  }

  base::result<std::optional<state_digest>> verify_rows(
      const std::function<bool()>& keep_going) override {
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

  base::result<std::vector<inspected_row>> rows_after(const std::optional<std::string>& after,
                                                      std::size_t bytes_max) override {
    auto transaction = environment_->begin_read();
    if (!transaction)
      return base::fail(transaction.error());
    std::vector<inspected_row> rows;
    std::size_t bytes = 0;
    auto take = [&](std::string_view key, const lmdb_row& row) -> base::result<bool> {
      if (after && key <= *after)
        return true;
      rows.push_back(inspect_row(key, row.mark, row.digest, row.value));
      bytes += key.size() + row.value.size();
      return bytes < bytes_max;
    };
    auto walked = lmdb_rows(*transaction, tables_.rows).for_each(after.value_or(""), take);
    if (!walked)
      return base::fail(walked.error().within("read rows"));
    return rows;
  }

private:
  static base::status check_table(lmdb_transaction& transaction, lmdb_table table) {
    auto expected = transaction.count(table);
    auto cursor = lmdb_cursor::open(transaction, table);
    if (!expected || !cursor)
      return base::fail(!expected ? expected.error() : cursor.error());
    std::uint64_t items = 0;
    std::string last;
    auto item = cursor->first();
    for (; item && *item; item = cursor->next()) {
      if (items++ > 0 && (*item)->key <= last)
        return base::fail(base::errc::corrupt, "the keys of a table are out of order");
      last = (*item)->key;
    }
    if (!item)
      return base::fail(item.error());
    if (items != *expected)
      return base::fail(base::errc::corrupt, "a table counts " + std::to_string(*expected)
                                                 + " items and holds " + std::to_string(items));
    return {};
  }

  std::unique_ptr<lmdb_environment> environment_;
  lmdb_state_tables tables_;
  state_facts facts_;
};

} // namespace

base::result<std::unique_ptr<state_inspection>> inspect_lmdb(const std::string& path,
                                                             std::uint64_t map_bytes) {
  auto environment = lmdb_environment::open({path, lmdb_access::read_only, map_bytes, {}});
  if (!environment)
    return base::fail(environment.error());
  auto tables = open_state_tables(**environment);
  if (!tables)
    return base::fail(tables.error());
  auto transaction = (*environment)->begin_read();
  if (!transaction)
    return base::fail(transaction.error());
  auto recorded = read_recorded_state(*transaction, *tables);
  if (!recorded)
    return base::fail(recorded.error().within("inspect " + path));
  state_facts facts;
  facts.identity = recorded->identity();
  facts.meta = recorded->replicated.meta;
  facts.watermark = recorded->local.watermark;
  facts.outvoted = recorded->local.outvoted;
  facts.meta_is_sealed = is_sealed(recorded->meta_values);
  facts.local_is_sealed = is_sealed(recorded->local_values);
  facts.file_bytes = (*environment)->sizes().file_bytes;
  return std::make_unique<lmdb_inspection>(std::move(*environment), *tables, std::move(facts));
}

} // namespace storage
