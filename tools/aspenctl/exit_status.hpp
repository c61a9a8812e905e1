// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <tl/expected.hpp>

namespace aspenctl {

/// What `aspenctl` ends with. Scripts rely on the numbers (docs/aspenctl.md): none changes its meaning.
enum class exit_status : int {
  done = 0,
  failed = 1, ///< refused, or failed for the reason given; a write did not happen
  usage = 2,  ///< the command line or an environment variable makes no sense; nothing was asked
  unavailable = 3, ///< no endpoint could do it now; nothing was done, trying again may help
  not_found = 4,   ///< there is no such key
  unknown = 5,     ///< a write was sent and its outcome is not known: look before you try again
  conflict = 6,    ///< the present state does not allow it (HTTP 409, 412); nothing was done
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

} // namespace aspenctl
