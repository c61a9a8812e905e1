// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/bytes.hpp"
#include "base/result.hpp"

/// The files of a snapshot's journey: never one that SQLite or LMDB has open.
namespace storage {

/// A file that is read in pieces, whatever becomes of its name meanwhile. One thread.
class source_file {
public:
  /// Errors: `not_found`; `resource`; `io`.
  static base::result<source_file> open(const std::string& path);
  source_file(source_file&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  source_file& operator=(source_file&&) = delete;
  ~source_file();

  /// At most `bytes_max` bytes from `offset` on; empty at the end. Errors: `io`.
  base::result<base::bytes> read(std::uint64_t offset, std::size_t bytes_max) const;

private:
  explicit source_file(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

/// A file that grows by what comes, and goes on where an earlier try ended. One thread.
class arriving_file {
public:
  /// Opens or makes `path`, mode 0600, and keeps of it at most `bytes_max`, a whole number of
  /// `chunk_bytes`. Errors: `storage_full`; `resource`; `io`.
  static base::result<arriving_file> open(const std::string& path, std::uint64_t bytes_max,
                                          std::size_t chunk_bytes);
  arriving_file(arriving_file&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}
  arriving_file& operator=(arriving_file&&) = delete;
  ~arriving_file();

  std::uint64_t size() const { return size_; }
  /// Errors: `storage_full`; `io`.
  base::status append(base::byte_view bytes);
  /// Starts the way of what came to the device, so that little is left to sync at the end.
  base::status sync();

private:
  arriving_file(int descriptor, std::uint64_t size) : descriptor_(descriptor), size_(size) {}
  int descriptor_;
  std::uint64_t size_;
};

} // namespace storage
