// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "storage/lmdb_page_format.hpp"

namespace storage {

/// A closed LMDB file, read with plain reads: where a damaged page or a truncated file is
/// met, the answer is an error and never a signal. One thread.
class lmdb_page_file {
public:
  /// Reads the file to its end once, and forgets it. Errors: `not_found`; `resource`; `io`.
  static base::result<lmdb_page_file> open(const std::string& path);

  lmdb_page_file(lmdb_page_file&& other) noexcept;
  lmdb_page_file& operator=(lmdb_page_file&&) = delete;
  ~lmdb_page_file();

  std::uint64_t size() const { return size_; }
  /// `count` bytes at `offset`, or what is wrong with the file: it ends before.
  /// Errors: `io`.
  base::result<std::optional<std::string>> read_at(std::uint64_t offset, std::size_t count,
                                                   base::bytes& out, const char* what) const;

  struct metas {
    lmdb_page::meta_record newest; ///< the one LMDB goes by: of the greater transaction
    lmdb_page::meta_record older;
  };
  /// Both meta pages; nothing, with a fault added, when one is unusable.
  /// Errors: `io`; `incompatible` for another data version.
  base::result<std::optional<metas>> read_metas(std::vector<std::string>& faults) const;

private:
  lmdb_page_file(std::string path, int descriptor, std::uint64_t size)
    : path_(std::move(path)), descriptor_(descriptor), size_(size) {}
  base::result<std::optional<lmdb_page::meta_record>> read_meta(
      base::byte_view page, std::uint64_t number, std::vector<std::string>& faults) const;

  std::string path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

} // namespace storage
