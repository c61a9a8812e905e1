// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/result.hpp"

namespace trace {

/// Zeroed memory for a ring: a file that is mapped, so that it outlives the process, or
/// plain memory. Owns the mapping.
class ring_memory {
public:
  /// A new file at `path`, for its owner alone, in place of any other. All of it is
  /// allocated: a hole that the disk has no room for would end the process when written
  /// (SIGBUS; mmap(2)). Errors: `storage_full`, `io`, naming the path; no file is left.
  static base::result<ring_memory> in_file(const std::string& path, std::size_t bytes);
  /// Lost with the process. Errors: `resource`.
  static base::result<ring_memory> in_memory(std::size_t bytes);

  std::byte* data() const { return bytes_.get(); }
  std::size_t size() const { return bytes_.get_deleter().size; }
  bool is_file() const { return is_file_; }

private:
  struct unmap {
    std::size_t size = 0;
    void operator()(std::byte* bytes) const;
  };
  ring_memory(std::unique_ptr<std::byte, unmap> bytes, bool is_file)
    : bytes_(std::move(bytes)), is_file_(is_file) {}
  static base::result<ring_memory> map(int descriptor, int flags, std::size_t bytes,
                                       const std::string& what);

  std::unique_ptr<std::byte, unmap> bytes_;
  bool is_file_ = false;
};

} // namespace trace
