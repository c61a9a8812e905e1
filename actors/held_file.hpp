// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "actors/inspection_requests.hpp"
#include "base/result.hpp"
#include "storage/transfer_file.hpp"

namespace actors {

/// A file whose bytes stay readable, as they are, after its name went or was given to another file. Any thread.
class held_file {
public:
  /// Requires: nobody writes to the file any more. Errors: `not_found`; `resource`; `io`.
  static base::result<std::shared_ptr<const held_file>> open(const std::string& path) {
    auto bytes = storage::source_file::open(path);
    if (!bytes)
      return base::fail(bytes.error());
    return std::make_shared<const held_file>(std::move(*bytes));
  }
  explicit held_file(storage::source_file bytes) : bytes_(std::move(bytes)) {}

  base::result<base::bytes> read(std::uint64_t offset) const {
    return bytes_.read(offset, file_piece_bytes_max);
  }

private:
  storage::source_file bytes_;
};

} // namespace actors
