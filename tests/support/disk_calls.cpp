// SPDX-License-Identifier: Apache-2.0
// The system calls that reach a disk, in place of the C library's: the program's own
// definitions come first for every shared library, SQLite's and LMDB's included. No header is
// included that declares them: only their names and calling convention matter.
#include <cstdarg>
#include <cstddef>

extern "C" {

using signed_size = long;
using offset = long;
struct iovec;

int aspen_disk_open(const char* path, int flags, unsigned mode);
int aspen_disk_close(int file);
signed_size aspen_disk_write(int file, const void* bytes, std::size_t count);
signed_size aspen_disk_pwrite(int file, const void* bytes, std::size_t count, offset at);
signed_size aspen_disk_writev(int file, const iovec* parts, int count);
signed_size aspen_disk_pwritev(int file, const iovec* parts, int count, offset at);
int aspen_disk_truncate(int file, offset size);
int aspen_disk_sync(int file, int is_data_only);
int aspen_disk_rename(const char* from, const char* to, unsigned flags);
int aspen_disk_unlink(const char* path);

#define ASPEN_OPEN(name)                                                                           \
  int name(const char* path, int flags, ...) {                                                     \
    va_list rest;                                                                                  \
    va_start(rest, flags);                                                                         \
    unsigned mode = va_arg(rest, unsigned);                                                        \
    va_end(rest);                                                                                  \
    return aspen_disk_open(path, flags, mode);                                                     \
  }

ASPEN_OPEN(open)
ASPEN_OPEN(open64)

int close(int file) {
  return aspen_disk_close(file);
}
signed_size write(int file, const void* bytes, std::size_t count) {
  return aspen_disk_write(file, bytes, count);
}
signed_size pwrite(int file, const void* bytes, std::size_t count, offset at) {
  return aspen_disk_pwrite(file, bytes, count, at);
}
signed_size pwrite64(int file, const void* bytes, std::size_t count, offset at) {
  return aspen_disk_pwrite(file, bytes, count, at);
}
signed_size writev(int file, const iovec* parts, int count) {
  return aspen_disk_writev(file, parts, count);
}
signed_size pwritev(int file, const iovec* parts, int count, offset at) {
  return aspen_disk_pwritev(file, parts, count, at);
}
signed_size pwritev64(int file, const iovec* parts, int count, offset at) {
  return aspen_disk_pwritev(file, parts, count, at);
}
int ftruncate(int file, offset size) {
  return aspen_disk_truncate(file, size);
}
int ftruncate64(int file, offset size) {
  return aspen_disk_truncate(file, size);
}
int fsync(int file) {
  return aspen_disk_sync(file, 0);
}
int fdatasync(int file) {
  return aspen_disk_sync(file, 1);
}
int rename(const char* from, const char* to) {
  return aspen_disk_rename(from, to, 0);
}
int renameat2(int, const char* from, int, const char* to, unsigned flags) {
  return aspen_disk_rename(from, to, flags);
}
int unlink(const char* path) {
  return aspen_disk_unlink(path);
}

} // extern "C"
