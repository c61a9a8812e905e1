// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "base/result.hpp"

namespace aspen_backup {

/// What `aspen-backup` ends with. Scripts rely on the numbers (docs/backup.md): none changes its meaning.
enum class exit_status : int {
  done = 0,
  failed = 1,      ///< for the reason given; nothing of the name that was asked for was left
  usage = 2,       ///< the command line makes no sense; nothing was looked at
  unavailable = 3, ///< the node cannot do it now, or a process is in the way; trying again may help
  damaged = 4,     ///< a backup is not what its manifest says
};

/// Why a command did not do what it was asked for: the status it ends with, and a line for a person.
struct failure {
  exit_status status;
  std::string text;
};

template <class T>
using outcome = tl::expected<T, failure>;

inline tl::unexpected<failure> fail(exit_status status, std::string text) {
  return tl::unexpected<failure>(failure{status, std::move(text)});
}

/// What an error of the stores means for who asked.
inline tl::unexpected<failure> failed(const base::error& why) {
  switch (why.code) {
  case base::errc::invalid: return fail(exit_status::usage, why.text);
  case base::errc::busy:
  case base::errc::locked:
  case base::errc::limit:
  case base::errc::resource:
  case base::errc::timeout: return fail(exit_status::unavailable, why.text);
  case base::errc::corrupt: return fail(exit_status::damaged, why.text);
  default: return fail(exit_status::failed, why.text);
  }
}

} // namespace aspen_backup
