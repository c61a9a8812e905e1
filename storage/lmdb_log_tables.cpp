// SPDX-License-Identifier: Apache-2.0
#include "storage/lmdb_log_tables.hpp"

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

base::result<log_marks> load_log_marks(const lmdb_transaction& within, const log_tables& tables) {
  log_marks marks;
  auto loaded = check_format(within, tables);
  if (loaded)
    loaded =
        load_mark(within, tables, mark::identity, {}, log_codec::decode_identity, marks.identity);
  const auto& uuid = marks.identity.log_uuid;
  if (loaded)
    loaded = load_mark(within, tables, mark::hard_state, uuid, log_codec::decode_hard_state,
                       marks.hard_state);
  if (loaded)
    loaded = load_mark(within, tables, mark::snapshot_point, uuid, log_codec::decode_snapshot_point,
                       marks.snapshot);
  if (loaded)
    loaded = load_mark(within, tables, mark::checkpoints, uuid, log_codec::decode_checkpoints,
                       marks.checkpoints);
  if (loaded)
    loaded = load_mark(within, tables, mark::write_counter, uuid, log_codec::decode_number,
                       marks.write_counter);
  if (!loaded)
    return base::fail(loaded.error());
  auto pending = load_body(within, tables, mark::pending_install, uuid);
  if (!pending)
    return base::fail(pending.error());
  if (*pending) {
    auto install = log_codec::decode_pending_install(**pending);
    if (!install)
      return base::fail(install.error());
    marks.pending = std::move(*install);
  }
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
