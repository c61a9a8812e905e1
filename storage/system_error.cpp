// SPDX-License-Identifier: Apache-2.0
#include "storage/system_error.hpp"

#include <cerrno>
#include <system_error>

namespace storage {

using base::errc;

errc system_errc(int number) {
  switch (number) {
  case ENOENT: return errc::not_found;
  case ENOSPC:
  case EDQUOT:
  case EFBIG: return errc::storage_full;
  case ENOMEM:
  case EMFILE:
  case ENFILE:
  case EACCES:
  case EPERM:
  case EROFS: return errc::resource;
  case EBUSY:
  case EAGAIN: return errc::busy;
  case EEXIST:
  case EINVAL:
  case EISDIR:
  case ENOTDIR:
  case ENAMETOOLONG: return errc::invalid;
  default: return errc::io;
  }
}

base::error system_error(int number, const std::string& doing) {
  return {system_errc(number), doing + ": " + std::generic_category().message(number)};
}

} // namespace storage
