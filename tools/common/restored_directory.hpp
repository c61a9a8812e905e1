// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "storage/cross_check.hpp"
#include "tools/common/node_lock.hpp"

namespace tools {

/// The data directory that a restore fills: new or empty, this process's alone, and marked as unfinished until all
/// of it is whole (INV-147). One thread.
class restored_directory {
public:
  /// Makes the directory and its parents where they are missing. What a restore that came to no end left in it is
  /// removed. Errors: `invalid` when anything else stands in it, naming one; `locked` when it is in use; `unsupported`; `io`.
  /// `doing` is what comes to no end, as in "the restore of FILE".
  static base::result<restored_directory> open(const std::string& path, const std::string& doing);

  storage::store_paths stores(storage::backend kind) const;
  /// Where the state machine is made ready, beside its place.
  std::string copy_path(storage::backend kind) const;

  /// All is whole: the mark goes, durably.
  base::status finish();
  /// Nothing came of it: what was made goes, the mark last; the directory too when it is new.
  void empty();

private:
  restored_directory(std::string path, bool is_new) : path_(std::move(path)), is_new_(is_new) {}
  std::string path_;
  bool is_new_;
  std::optional<file_lock> lock_;
};

} // namespace tools
