// SPDX-License-Identifier: Apache-2.0
#include "trace/ring_memory.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace trace {

namespace {

tl::unexpected<base::error> failed(int error, const std::string& what) {
  auto code = error == ENOSPC || error == EDQUOT || error == EFBIG    ? base::errc::storage_full
              : error == ENOMEM || error == EMFILE || error == ENFILE ? base::errc::resource
                                                                      : base::errc::io;
  return base::fail(code, what + ": " + std::strerror(error));
}

} // namespace

void ring_memory::unmap::operator()(std::byte* bytes) const {
  ::munmap(bytes, size);
}

base::result<ring_memory> ring_memory::map(int descriptor, int flags, std::size_t bytes,
                                           const std::string& what) {
  auto* place = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags, descriptor, 0);
  if (place == MAP_FAILED)
    return failed(errno, "map " + what);
  return ring_memory(std::unique_ptr<std::byte, unmap>(static_cast<std::byte*>(place), {bytes}),
                     descriptor >= 0);
}

base::result<ring_memory> ring_memory::in_file(const std::string& path, std::size_t bytes) {
  ::unlink(path.c_str()); // a new inode: whoever still reads the old one keeps it whole
  auto descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0)
    return failed(errno, "create " + path);
  auto error = ::posix_fallocate(descriptor, 0, static_cast<off_t>(bytes));
  auto mapped = error == 0 ? map(descriptor, MAP_SHARED, bytes, path)
                           : base::result<ring_memory>(failed(error, "allocate " + path));
  ::close(descriptor);
  if (!mapped)
    ::unlink(path.c_str());
  return mapped;
}

base::result<ring_memory> ring_memory::in_memory(std::size_t bytes) {
  return map(-1, MAP_PRIVATE | MAP_ANONYMOUS, bytes, "memory");
}

} // namespace trace
