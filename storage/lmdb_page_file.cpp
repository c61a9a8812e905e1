// SPDX-License-Identifier: Apache-2.0
#include "storage/lmdb_page_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "storage/files.hpp"
#include "storage/system_error.hpp"

namespace storage {

using base::errc;
using namespace lmdb_page;

base::result<lmdb_page_file> lmdb_page_file::open(const std::string& path) {
  if (auto readable = read_through(path); !readable)
    return base::fail(readable.error());
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return base::fail(system_error(errno, "open " + path));
  lmdb_page_file file(path, descriptor, 0);
  struct stat facts{};
  if (::fstat(descriptor, &facts) != 0)
    return base::fail(system_error(errno, "open " + path));
  file.size_ = static_cast<std::uint64_t>(facts.st_size);
  return file;
}

lmdb_page_file::lmdb_page_file(lmdb_page_file&& other) noexcept
  : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)),
    size_(other.size_) {}

lmdb_page_file::~lmdb_page_file() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

base::result<std::optional<std::string>> lmdb_page_file::read_at(std::uint64_t offset,
                                                                 std::size_t count,
                                                                 base::bytes& out,
                                                                 const char* what) const {
  if (offset > size_ || count > size_ - offset)
    return std::optional(std::string(what) + " at byte " + std::to_string(offset)
                         + " lies beyond the end of the file, which has " + std::to_string(size_)
                         + " bytes");
  out.resize(count);
  for (std::size_t done = 0; done < count;) {
    auto got =
        ::pread(descriptor_, out.data() + done, count - done, static_cast<off_t>(offset + done));
    if (got <= 0 && !(got < 0 && errno == EINTR))
      return base::fail(system_error(got == 0 ? EIO : errno, "read " + path_));
    done += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  }
  return std::optional<std::string>{};
}

base::result<std::optional<lmdb_page_file::metas>> lmdb_page_file::read_metas(
    std::vector<std::string>& faults) const {
  std::vector<meta_record> both;
  std::size_t page_bytes = 0;
  for (std::uint64_t number = 0; number < meta_pages; ++number) {
    base::bytes page;
    constexpr std::size_t meta_bytes = page_head_bytes + 136;
    auto read = read_at(number * page_bytes, meta_bytes, page, "a meta page");
    if (!read)
      return base::fail(read.error());
    if (*read)
      faults.push_back(**read);
    auto one = *read ? std::optional<meta_record>{} : read_meta(page, number, faults);
    if (!one)
      return base::fail(one.error());
    if (!*one)
      return std::optional<metas>{};
    page_bytes = (*one)->page_bytes;
    both.push_back(std::move(**one));
  }
  if (both[0].transaction < both[1].transaction) // mdb.c: mdb_env_pick_meta
    std::swap(both[0], both[1]);
  return std::optional(metas{std::move(both[0]), std::move(both[1])});
}

base::result<std::optional<meta_record>> lmdb_page_file::read_meta(
    base::byte_view page, std::uint64_t number, std::vector<std::string>& faults) const {
  auto bytes = page.substr(page_head_bytes);
  auto say = "meta page " + std::to_string(number);
  auto version = field<std::uint32_t>(bytes, 4);
  if (field<std::uint32_t>(bytes, 0) != meta_magic
      || (field<std::uint16_t>(page, 10) & page_flag::meta) == 0) {
    faults.push_back("page " + std::to_string(number) + " is no meta page of LMDB");
    return std::optional<meta_record>{};
  }
  if (version != data_version)
    return base::fail(errc::incompatible, path_ + ": LMDB data version " + std::to_string(version)
                                              + " found, this program knows "
                                              + std::to_string(data_version));
  meta_record one{field<std::uint64_t>(bytes, 128), field<std::uint64_t>(bytes, 120),
                  field<std::uint32_t>(bytes, 24), base::bytes(bytes.substr(24, tree_record_bytes)),
                  base::bytes(bytes.substr(24 + tree_record_bytes, tree_record_bytes))};
  auto size = one.page_bytes;
  if (size < 512 || size > 65536 || (size & (size - 1)) != 0) {
    faults.push_back(say + " states a page size of " + std::to_string(size));
    return std::optional<meta_record>{};
  }
  // Transactions write the two in turn, each its own by its number (mdb_txn_begin: mt_toggle).
  if (one.transaction != 0 && one.transaction % meta_pages != number) {
    faults.push_back(say + " is of transaction " + std::to_string(one.transaction)
                     + ", which writes the other");
    return std::optional<meta_record>{};
  }
  return std::optional(std::move(one));
}

} // namespace storage
