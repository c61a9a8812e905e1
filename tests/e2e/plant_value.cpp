// SPDX-License-Identifier: Apache-2.0
// plant_value DATABASE KEY VALUE: gives a row of a stopped node another value, and every
// digest and seal the value that makes the file look sound to its own node. Only the other
// replicas can tell.
#include <cstdio>

#include "storage/digest.hpp"
#include "storage/sqlite_database.hpp"
#include "storage/sqlite_schema.hpp"

namespace {

using namespace storage;

base::status plant(sqlite_database& database, const std::string& key, const std::string& value) {
  auto recorded = read_recorded_state(database);
  if (!recorded)
    return base::fail(recorded.error());
  auto row = database.prepare("SELECT create_revision, mod_revision, version, digest"
                              " FROM state_machine_kv WHERE key = ?1");
  if (!row)
    return base::fail(row.error());
  row->bind_text(1, key);
  auto found = row->step();
  if (!found || !*found)
    return base::fail(base::errc::not_found, "no row " + key);
  row_mark mark{revision{row->number(0)}, revision{row->number(1)}, row->number(2)};
  auto before = digest_from_bytes(row->bytes(3));
  if (!before)
    return base::fail(base::errc::corrupt, "the row's digest");
  row->reset();
  auto after = row_digest(key, mark, value);
  auto& meta = recorded->replicated.meta;
  subtract(meta.digest, *before);
  add(meta.digest, after);
  auto stored = to_bytes(after);
  auto change =
      database.prepare("UPDATE state_machine_kv SET value = ?2, digest = ?3 WHERE key = ?1");
  if (!change)
    return base::fail(change.error());
  if (auto done = change->bind_text(1, key).bind_blob(2, value).bind_blob(3, stored).run(); !done)
    return done;
  return write_values(database, "state_machine_meta",
                      to_values(recorded->replicated.cluster_id, meta));
}

} // namespace

int main(int count, char** arguments) {
  if (count != 4) {
    std::fputs("usage: plant_value DATABASE KEY VALUE\n", stderr);
    return 2;
  }
  auto database = sqlite_database::open(
      arguments[1],
      {sqlite_access::read_write, std::chrono::milliseconds{1000}, base::limits::mebibyte, {}});
  auto done = database ? plant(*database, arguments[2], arguments[3])
                       : base::status(base::fail(database.error()));
  if (!done)
    std::fprintf(stderr, "%s\n", base::to_string(done.error()).c_str());
  return done ? 0 : 1;
}
