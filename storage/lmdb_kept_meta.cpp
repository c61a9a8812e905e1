// SPDX-License-Identifier: Apache-2.0
#include "storage/lmdb_kept_meta.hpp"

#include <lmdb.h>
#include <unistd.h>

#include "storage/lmdb_page_format.hpp"

namespace storage {

namespace {

/// Page head and meta record; less than a sector.
constexpr std::size_t meta_bytes = lmdb_page::page_head_bytes + 136;

base::bytes read_at(int file, std::int64_t offset) {
  base::bytes content(meta_bytes, '\0');
  if (::pread(file, content.data(), content.size(), offset) != static_cast<ssize_t>(meta_bytes))
    content.clear();
  return content;
}

} // namespace

lmdb_kept_meta::lmdb_kept_meta(MDB_env* environment, MDB_txn* transaction) {
  MDB_stat pages{};
  if (mdb_env_get_fd(environment, &file_) != 0 || mdb_env_stat(environment, &pages) != 0)
    return;
  auto turn = mdb_txn_id(transaction) % lmdb_page::meta_pages;
  offset_ = static_cast<std::int64_t>(turn * pages.ms_psize);
  content_ = read_at(file_, offset_);
}

void lmdb_kept_meta::put_back() const {
  if (content_.empty() || read_at(file_, offset_) == content_)
    return;
  // Nothing can be done about a failure: the commit has failed already, and is told.
  [[maybe_unused]] auto written = ::pwrite(file_, content_.data(), content_.size(), offset_);
}

} // namespace storage
