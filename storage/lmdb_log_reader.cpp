// SPDX-License-Identifier: Apache-2.0
#include "storage/lmdb_log_reader.hpp"

#include "storage/log_codec.hpp"

namespace storage {
namespace {

/// LMDB maps at least what the file holds, and a reader needs no more.
constexpr std::uint64_t map_bytes_min = std::uint64_t{1} << 20;

} // namespace

lmdb_log_reader::lmdb_log_reader(std::unique_ptr<lmdb_environment> environment,
                                 lmdb_transaction within, log_tables tables, log_scan scan)
  : environment_(std::move(environment)), within_(std::move(within)), tables_(tables),
    scan_(std::move(scan)) {}

base::result<std::unique_ptr<lmdb_log_reader>> lmdb_log_reader::open(const std::string& path,
                                                                     log_verification how) {
  auto doing = "read log " + path;
  auto environment = lmdb_environment::open({path, lmdb_access::read_only, map_bytes_min, {}});
  if (!environment)
    return base::fail(environment.error().within("read log"));
  auto within = (*environment)->begin_read();
  if (!within)
    return base::fail(within.error().within("read log"));
  auto tables = open_log_tables(*within, false);
  if (!tables)
    return base::fail(tables.error().within(doing));
  auto scan = scan_log(*within, *tables, how);
  if (!scan)
    return base::fail(scan.error().within(doing));
  return std::unique_ptr<lmdb_log_reader>(
      new lmdb_log_reader(std::move(*environment), std::move(*within), *tables, std::move(*scan)));
}

base::result<raft::entry> lmdb_log_reader::entry(raft::log_index index) {
  return load_log_entry(within_, tables_, index, scan_.marks.identity.log_uuid);
}

base::result<base::bytes> lmdb_log_reader::record(raft::log_index index) {
  auto found = within_.get(tables_.entries, log_codec::encode_key(index));
  if (!found)
    return base::fail(found.error());
  if (!*found)
    return base::fail(base::errc::not_found,
                      "entry " + std::to_string(index.value) + " is missing");
  return base::bytes(**found);
}

} // namespace storage
