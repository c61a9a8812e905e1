// SPDX-License-Identifier: Apache-2.0
#include "transport/private_file.hpp"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "base/limits.hpp"

namespace transport {

namespace {

class descriptor {
public:
  explicit descriptor(int number) : number_(number) {}
  ~descriptor() {
    if (number_ >= 0)
      ::close(number_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  int get() const { return number_; }

private:
  int number_;
};

base::status failed(const std::filesystem::path& file, int number) {
  auto code = number == ENOSPC || number == EDQUOT ? base::errc::storage_full
              : number == EEXIST                   ? base::errc::invalid
                                                   : base::errc::io;
  return base::fail(code, file.string() + ": " + std::generic_category().message(number));
}

bool write_all(int number, base::byte_view bytes) {
  while (!bytes.empty()) {
    auto written = ::write(number, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

base::status write_and_sync(const std::filesystem::path& file, base::byte_view bytes) {
  ::unlink(file.c_str()); // left by a try that was killed
  descriptor out(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (out.get() < 0)
    return failed(file, errno);
  if (!write_all(out.get(), bytes) || ::fsync(out.get()) != 0)
    return failed(file, errno);
  return {};
}

base::status sync_directory_of(const std::filesystem::path& file) {
  auto directory = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() < 0 || ::fsync(opened.get()) != 0)
    return failed(directory, errno);
  return {};
}

} // namespace

base::status write_private_file(const std::filesystem::path& file, base::byte_view bytes) {
  auto unnamed = file;
  unnamed += ".partial";
  if (auto written = write_and_sync(unnamed, bytes); !written) {
    ::unlink(unnamed.c_str());
    return written;
  }
  // Unlike rename, link does not replace what is there.
  int error = ::link(unnamed.c_str(), file.c_str()) == 0 ? 0 : errno;
  ::unlink(unnamed.c_str());
  return error == 0 ? sync_directory_of(file) : failed(file, error);
}

base::result<base::bytes> read_small_file(const std::filesystem::path& file) {
  std::error_code error;
  auto size = std::filesystem::file_size(file, error);
  if (error)
    return base::fail(error == std::errc::no_such_file_or_directory ? base::errc::not_found
                                                                    : base::errc::io,
                      file.string() + ": " + error.message());
  if (size > base::limits::mebibyte)
    return base::fail(base::errc::limit, file.string() + " is longer than 1 MiB");
  std::ifstream in(file, std::ios::binary);
  base::bytes bytes{std::istreambuf_iterator<char>(in), {}};
  if (!in.is_open() || in.bad())
    return base::fail(base::errc::io, file.string() + ": cannot be read");
  return bytes;
}

} // namespace transport
