// SPDX-License-Identifier: Apache-2.0
#include "storage/lmdb_env.hpp"

#include <lmdb.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>

#include "base/check.hpp"
#include "base/log.hpp"
#include "storage/open_stores.hpp"

namespace storage {

using base::errc;

namespace {

constexpr auto log_target = "aspen::storage::lmdb";
constexpr unsigned int tables_max = 16;
constexpr mdb_mode_t file_mode = 0600;

// LMDB calls abort() after this: without it the reason would be lost.
void on_failed_assert(MDB_env*, const char* text) {
  base::log::error(log_target, "LMDB assertion failed, the process ends", {{"assertion", text}});
}

/// What the file may still grow by: the file system's room, within the process's limit.
std::uint64_t room_left(const std::string& path) {
  constexpr auto unknown = ~std::uint64_t{0};
  struct statvfs space{};
  auto room = unknown;
  if (::statvfs(path.c_str(), &space) == 0)
    room = std::uint64_t{space.f_bavail} * space.f_frsize;
  struct stat file{};
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY
      && ::stat(path.c_str(), &file) == 0) {
    auto size = static_cast<std::uint64_t>(file.st_size);
    room = std::min(room, limit.rlim_cur > size ? limit.rlim_cur - size : 0);
  }
  return room;
}

unsigned int flags_for(lmdb_access access) {
  unsigned int flags = MDB_NOSUBDIR | MDB_NOTLS | MDB_NORDAHEAD;
  if (access == lmdb_access::read_only)
    flags |= MDB_RDONLY | MDB_NOLOCK;
  return flags;
}

} // namespace

lmdb_environment::lmdb_environment(lmdb_options options) : options_(std::move(options)) {}

lmdb_environment::~lmdb_environment() {
  if (handle_ != nullptr)
    mdb_env_close(handle_);
}

base::result<std::unique_ptr<lmdb_environment>> lmdb_environment::open(lmdb_options options) {
  auto claim = store_claim::take(options.path);
  if (!claim)
    return base::fail(claim.error());
  std::unique_ptr<lmdb_environment> opened(new lmdb_environment(std::move(options)));
  opened->claim_ = std::move(*claim);
  if (auto done = opened->open_file(); !done)
    return base::fail(done.error());
  opened->claim_->file_created();
  return opened;
}

base::status lmdb_environment::open_file() {
  auto doing = "open " + options_.path;
  struct stat facts{};
  // LMDB would make a missing file, and take an empty one for a new environment.
  if (options_.access != lmdb_access::create) {
    if (::stat(options_.path.c_str(), &facts) != 0)
      return base::fail(lmdb_error(errno, doing));
    if (facts.st_size == 0)
      return base::fail(errc::corrupt, doing + ": the file is empty");
  }
  if (int code = mdb_env_create(&handle_); code != 0)
    return base::fail(lmdb_error(code, doing));
  mdb_env_set_assert(handle_, on_failed_assert);
  int code = mdb_env_set_maxdbs(handle_, tables_max);
  if (code == 0)
    code = mdb_env_set_mapsize(handle_, options_.map_bytes);
  if (code == 0)
    code = mdb_env_open(handle_, options_.path.c_str(), flags_for(options_.access), file_mode);
  if (code != 0)
    return base::fail(lmdb_error(code, doing));
  int dead_readers = 0;
  if (options_.access != lmdb_access::read_only)
    mdb_reader_check(handle_, &dead_readers); // slots of processes that were killed
  return {};
}

base::result<lmdb_transaction> lmdb_environment::begin_read() {
  MDB_txn* handle = nullptr;
  if (int code = mdb_txn_begin(handle_, nullptr, MDB_RDONLY, &handle); code != 0)
    return base::fail(lmdb_error(code, options_.path + ": begin read"));
  return lmdb_transaction(*this, handle);
}

base::result<lmdb_transaction> lmdb_environment::begin_write() {
  MDB_txn* handle = nullptr;
  if (int code = mdb_txn_begin(handle_, nullptr, 0, &handle); code != 0)
    return base::fail(lmdb_error(code, options_.path + ": begin write"));
  return lmdb_transaction(*this, handle);
}

base::status lmdb_environment::use_reserve(bool allowed) {
  auto bytes = options_.map_bytes + (allowed ? lmdb_map_reserve_bytes : 0);
  if (int code = mdb_env_set_mapsize(handle_, bytes); code != 0)
    return base::fail(lmdb_error(code, options_.path + ": set map size"));
  return {};
}

base::error lmdb_environment::commit_error(int code) const {
  auto failure = lmdb_error(code, options_.path + ": commit");
  if (failure.code == errc::io)
    failure.code = errc::sync_failed;
  return failure;
}

// A write that stops in the middle because the disk is full is reported by LMDB as EIO
// (mdb_page_flush, "short write"). It is told from a failing device by two facts: the
// environment is not poisoned, as it is after a failed meta write, and there is no room
// for what the transaction wrote. LMDB never writes over pages in use, so that nothing
// of an aborted transaction is visible.
base::error lmdb_environment::explain_commit(int code, std::uint64_t bytes_put) const {
  auto failure = commit_error(code);
  if (code != EIO)
    return failure;
  MDB_txn* probe = nullptr;
  if (mdb_txn_begin(handle_, nullptr, MDB_RDONLY, &probe) != 0)
    return failure;
  mdb_txn_abort(probe);
  constexpr std::uint64_t page_overhead_bytes = std::uint64_t{1} << 20;
  if (room_left(options_.path) < 2 * bytes_put + page_overhead_bytes)
    return {errc::storage_full, failure.text + " (there is no room left)"};
  return failure;
}

lmdb_sizes lmdb_environment::sizes() const {
  MDB_stat pages{};
  MDB_envinfo facts{};
  struct stat file{};
  mdb_env_stat(handle_, &pages);
  mdb_env_info(handle_, &facts);
  lmdb_sizes sizes{pages.ms_psize, facts.me_mapsize, 0};
  if (::stat(options_.path.c_str(), &file) == 0)
    sizes.file_bytes = static_cast<std::uint64_t>(file.st_size);
  return sizes;
}

} // namespace storage
