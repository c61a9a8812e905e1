// SPDX-License-Identifier: Apache-2.0
#include "storage/lmdb_log_tables.hpp"

#include <algorithm>

#include "storage/log_codec.hpp"

namespace storage {

using base::errc;
namespace mark = log_codec::mark;

namespace {

/// Copies a mark's body out of the map, its seal checked.
base::result<std::optional<base::bytes>> load_body(const lmdb_transaction& within,
                                                   const log_tables& tables, std::string_view name,
                                                   const base::uuid& log_uuid) {
  auto found = within.get(tables.marks, name);
  if (!found)
    return base::fail(found.error());
  if (!*found)
    return std::optional<base::bytes>{};
  const base::bytes record(**found);
  auto body = log_codec::unseal(name, record, log_uuid);
  if (!body)
    return base::fail(body.error());
  return std::optional(base::bytes(*body));
}

template <class Value>
base::status load_mark(const lmdb_transaction& within, const log_tables& tables,
                       std::string_view name, const base::uuid& log_uuid,
                       base::result<Value> (*decode)(base::byte_view), Value& out) {
  auto body = load_body(within, tables, name, log_uuid);
  if (!body)
    return base::fail(body.error());
  if (!*body)
    return base::fail(errc::corrupt, "mark " + std::string(name) + " is missing");
  auto value = decode(**body);
  if (!value)
    return base::fail(value.error().within("mark " + std::string(name)));
  out = std::move(*value);
  return {};
}

base::status check_format(const lmdb_transaction& within, const log_tables& tables) {
  std::uint64_t found = 0;
  auto loaded = load_mark(within, tables, mark::format, {}, log_codec::decode_number, found);
  if (loaded && found != log_codec::store_format)
    return base::fail(errc::incompatible, "log format " + std::to_string(found)
                                              + " found, this program knows "
                                              + std::to_string(log_codec::store_format));
  return loaded;
}

base::status load_pending(const lmdb_transaction& within, const log_tables& tables,
                          const base::uuid& log_uuid, std::optional<pending_install>& out) {
  auto body = load_body(within, tables, mark::pending_install, log_uuid);
  if (!body)
    return base::fail(body.error());
  if (!*body)
    return {};
  auto install = log_codec::decode_pending_install(**body);
  if (!install)
    return base::fail(install.error());
  out = std::move(*install);
  return {};
}

/// A damaged name is a mark that is missing, and for one that may be missing nobody knows.
base::status has_only_known_marks(lmdb_transaction& within, const log_tables& tables) {
  auto cursor = lmdb_cursor::open(within, tables.marks);
  if (!cursor)
    return base::fail(cursor.error());
  auto item = cursor->first();
  for (; item && *item; item = cursor->next())
    if (std::find(mark::all.begin(), mark::all.end(), (*item)->key) == mark::all.end())
      return base::fail(errc::corrupt, "a mark of unknown name: " + std::string((*item)->key));
  if (!item)
    return base::fail(item.error());
  return {};
}

/// What is wrong is said at once, not one at a time.
class all_errors {
public:
  void add(const base::status& outcome) {
    if (outcome)
      return;
    if (!sum_)
      sum_ = outcome.error();
    else
      sum_->text += "; " + outcome.error().text;
  }
  const std::optional<base::error>& sum() const { return sum_; }

private:
  std::optional<base::error> sum_;
};

} // namespace

base::result<log_tables> open_log_tables(lmdb_transaction& within, bool create) {
  log_tables tables;
  for (auto [name, table] : {std::pair("entries", &tables.entries), {"marks", &tables.marks}}) {
    auto opened = within.open_table(name, create);
    if (!opened && opened.error().code == errc::not_found)
      return base::fail(errc::corrupt, std::string("table ") + name + " is missing");
    if (!opened)
      return base::fail(opened.error());
    *table = *opened;
  }
  return tables;
}

base::result<log_marks> load_log_marks(lmdb_transaction& within, const log_tables& tables) {
  log_marks marks;
  if (auto known = check_format(within, tables); !known)
    return base::fail(known.error());
  if (auto loaded =
          load_mark(within, tables, mark::identity, {}, log_codec::decode_identity, marks.identity);
      !loaded)
    return base::fail(loaded.error());
  const auto& uuid = marks.identity.log_uuid;
  all_errors found;
  found.add(load_mark(within, tables, mark::hard_state, uuid, log_codec::decode_hard_state,
                      marks.hard_state));
  found.add(load_mark(within, tables, mark::snapshot_point, uuid, log_codec::decode_snapshot_point,
                      marks.snapshot));
  found.add(load_mark(within, tables, mark::checkpoints, uuid, log_codec::decode_checkpoints,
                      marks.checkpoints));
  found.add(load_mark(within, tables, mark::write_counter, uuid, log_codec::decode_number,
                      marks.write_counter));
  found.add(load_pending(within, tables, uuid, marks.pending));
  found.add(has_only_known_marks(within, tables));
  if (found.sum())
    return base::fail(*found.sum());
  return marks;
}

base::result<raft::entry> load_log_entry(const lmdb_transaction& within, const log_tables& tables,
                                         raft::log_index index, const base::uuid& log_uuid) {
  auto name = "entry " + std::to_string(index.value);
  auto record = within.get(tables.entries, log_codec::encode_key(index));
  if (!record)
    return base::fail(record.error());
  if (!*record)
    return base::fail(errc::corrupt, name + " is missing");
  auto entry = log_codec::decode_entry(**record, index, log_uuid);
  if (!entry)
    return base::fail(entry.error().within(name));
  return entry;
}

} // namespace storage
