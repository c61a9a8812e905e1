// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace tests {

/// A fresh directory below $TMPDIR (else /tmp) that is removed with all it holds at the end of scope.
/// Every object gets a directory of its own, also across processes that run at the same time.
class temp_dir {
public:
  /// `label` becomes part of the name, so that a directory left by a killed test tells whose it was.
  /// Throws std::filesystem::filesystem_error when it cannot be made.
  explicit temp_dir(std::string_view label = "test") {
    const auto parent = std::filesystem::temp_directory_path();
    std::string name = (parent / ("aspen-" + std::string{label} + "-XXXXXX")).string();
    if (::mkdtemp(name.data()) == nullptr)
      throw std::filesystem::filesystem_error("temporary directory", name,
                                              std::error_code{errno, std::generic_category()});
    path_ = name;
  }

  temp_dir(const temp_dir&) = delete;
  temp_dir& operator=(const temp_dir&) = delete;

  /// Removal is best effort: a test that took away its own permissions has already said so.
  ~temp_dir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  /// Absolute path of the directory; exists as long as this object.
  const std::filesystem::path& path() const noexcept { return path_; }

  /// Path of `name` inside the directory. Creates nothing.
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

private:
  std::filesystem::path path_;
};

} // namespace tests
