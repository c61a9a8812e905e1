// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "base/result.hpp"
#include "replay/core_input.hpp"

/// The file of one core's life, as bytes (docs/on_disk.md): a head, how it began, then each input,
/// and behind those that give something back the digest of that. Every record has a checksum.
namespace replay {

base::bytes file_head();
base::bytes record_of(const core_beginning& what);
base::bytes record_of(const core_input& what);
base::bytes record_of(const base::hash128& output);
/// What stands in the place of all that came after the bound of the file.
base::bytes record_of_bound();

struct bound_reached {};
using record = std::variant<core_beginning, core_input, base::hash128, bound_reached>;

/// Reads records one after another. What a killed process left unfinished at the end is no error.
class record_reader {
public:
  /// Requires: `file` outlives it.
  explicit record_reader(base::byte_view file) : in_(file) {}

  /// Errors: `incompatible` for a file that is none, or of another version.
  base::status read_head();
  /// The next one; none at the end. Errors: `corrupt`.
  base::result<std::optional<record>> next();
  /// Whether it ended within a record.
  bool is_torn() const { return is_torn_; }

private:
  base::byte_reader in_;
  bool is_torn_ = false;
};

} // namespace replay
