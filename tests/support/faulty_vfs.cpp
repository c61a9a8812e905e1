// SPDX-License-Identifier: Apache-2.0
#include "tests/support/faulty_vfs.hpp"

#include <cstring>

#include <sqlite3.h>

namespace tests {

namespace {

disk_faults& faults() {
  static disk_faults all;
  return all;
}

sqlite3_vfs* system_vfs() {
  static sqlite3_vfs* found = sqlite3_vfs_find(nullptr);
  return found;
}

/// What SQLite holds for an open file; the system's own file follows it in memory.
struct faulty_file {
  sqlite3_file base;
};

sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + sizeof(faulty_file));
}

int close_file(sqlite3_file* file) {
  return real(file)->pMethods->xClose(real(file));
}

int read_file(sqlite3_file* file, void* into, int bytes, sqlite3_int64 at) {
  if (faults().read_fails)
    return SQLITE_IOERR_READ;
  return real(file)->pMethods->xRead(real(file), into, bytes, at);
}

int write_file(sqlite3_file* file, const void* from, int bytes, sqlite3_int64 at) {
  if (faults().write_fails)
    return SQLITE_IOERR_WRITE;
  if (faults().writes_until_full == 0)
    return SQLITE_FULL;
  if (faults().writes_until_full > 0)
    --faults().writes_until_full;
  return real(file)->pMethods->xWrite(real(file), from, bytes, at);
}

int truncate_file(sqlite3_file* file, sqlite3_int64 bytes) {
  return real(file)->pMethods->xTruncate(real(file), bytes);
}

int sync_file(sqlite3_file* file, int flags) {
  ++faults().syncs;
  if (faults().sync_fails)
    return SQLITE_IOERR_FSYNC;
  return real(file)->pMethods->xSync(real(file), flags);
}

int size_of_file(sqlite3_file* file, sqlite3_int64* bytes) {
  return real(file)->pMethods->xFileSize(real(file), bytes);
}

int lock_file(sqlite3_file* file, int level) {
  return real(file)->pMethods->xLock(real(file), level);
}

int unlock_file(sqlite3_file* file, int level) {
  return real(file)->pMethods->xUnlock(real(file), level);
}

int check_reserved_lock(sqlite3_file* file, int* result) {
  return real(file)->pMethods->xCheckReservedLock(real(file), result);
}

int control_file(sqlite3_file* file, int operation, void* argument) {
  return real(file)->pMethods->xFileControl(real(file), operation, argument);
}

int sector_size(sqlite3_file* file) {
  return real(file)->pMethods->xSectorSize(real(file));
}

int characteristics(sqlite3_file* file) {
  return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

int map_shm(sqlite3_file* file, int region, int bytes, int extend, void volatile** mapped) {
  return real(file)->pMethods->xShmMap(real(file), region, bytes, extend, mapped);
}

int lock_shm(sqlite3_file* file, int offset, int count, int flags) {
  return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}

void barrier_shm(sqlite3_file* file) {
  real(file)->pMethods->xShmBarrier(real(file));
}

int unmap_shm(sqlite3_file* file, int remove) {
  return real(file)->pMethods->xShmUnmap(real(file), remove);
}

const sqlite3_io_methods methods{
    2,
    close_file,
    read_file,
    write_file,
    truncate_file,
    sync_file,
    size_of_file,
    lock_file,
    unlock_file,
    check_reserved_lock,
    control_file,
    sector_size,
    characteristics,
    map_shm,
    lock_shm,
    barrier_shm,
    unmap_shm,
    nullptr,
    nullptr,
};

int open_file(sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* flags_out) {
  file->pMethods = nullptr;
  int code = system_vfs()->xOpen(system_vfs(), path, real(file), flags, flags_out);
  if (real(file)->pMethods != nullptr)
    file->pMethods = &methods;
  return code;
}

sqlite3_vfs& the_vfs() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs copy = *system_vfs();
    copy.szOsFile += static_cast<int>(sizeof(faulty_file));
    copy.zName = "faulty";
    copy.pNext = nullptr;
    copy.xOpen = open_file;
    return copy;
  }();
  return vfs;
}

void calm() {
  faults().writes_until_full = -1;
  faults().sync_fails = false;
  faults().write_fails = false;
  faults().read_fails = false;
  faults().syncs = 0;
}

} // namespace

faulty_disk::faulty_disk() {
  calm();
  sqlite3_vfs_register(&the_vfs(), 0);
}

faulty_disk::~faulty_disk() {
  calm();
}

void faulty_disk::fill_after(std::int64_t count) {
  faults().writes_until_full = count;
}
void faulty_disk::make_room() {
  faults().writes_until_full = -1;
}
void faulty_disk::fail_syncs(bool does) {
  faults().sync_fails = does;
}
void faulty_disk::fail_writes(bool does) {
  faults().write_fails = does;
}
void faulty_disk::fail_reads(bool does) {
  faults().read_fails = does;
}
std::uint64_t faulty_disk::syncs() const {
  return faults().syncs;
}

} // namespace tests
