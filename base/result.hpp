// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace base {

/// What went wrong in an operation on the outside world. A refusal of a client's
/// request is not an error but a value in the reply; a broken invariant throws.
enum class errc {
  io,           ///< the device or file system failed; the outcome of a write is unknown
  sync_failed,  ///< a sync failed: latched, never retried (docs/invariants.md)
  corrupt,      ///< stored bytes contradict their checksum, chain or structure
  storage_full, ///< no space on the device or in the map; nothing was written
  busy,         ///< somebody else holds the lock; worth trying again
  locked,       ///< another process owns the directory or file
  not_found,    ///< the file, entry or key does not exist
  incompatible, ///< a format, identity or version this program does not accept
  invalid,      ///< input that no retry makes valid
  limit,        ///< a stated bound was passed
  unsupported,  ///< this backend cannot do it
  resource,     ///< descriptors, memory or threads ran out; worth trying again
  timeout,      ///< a stated time passed
  interrupted,  ///< stopped on purpose, by a deadline or at shutdown
};

/// The code's name in snake case, as it stands in logs and JSON.
std::string_view to_string(errc code);

/// A code for the program and a text for a person. Each layer wraps once with
/// what it was trying to do: `open log: lock raft-log.lmdb-lock: busy`.
struct error {
  errc code;
  std::string text;

  /// The same error with `doing + ": "` in front of its text.
  [[nodiscard]] error within(std::string_view doing) const {
    return {code, std::string(doing) + ": " + text};
  }
};

/// "code: text".
std::string to_string(const error& failure);

template <class T>
using result = tl::expected<T, error>;

/// The outcome of an operation that yields nothing but success.
using status = tl::expected<void, error>;

inline tl::unexpected<error> fail(errc code, std::string text) {
  return tl::unexpected<error>(error{code, std::move(text)});
}

inline tl::unexpected<error> fail(error failure) {
  return tl::unexpected<error>(std::move(failure));
}

} // namespace base
