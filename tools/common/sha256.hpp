// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace tools {

/// FIPS 180-4, a piece at a time. One thread.
class sha256 {
public:
  /// Throws `std::runtime_error` where the library has no SHA-256.
  sha256();
  ~sha256();
  sha256(sha256&&) noexcept;
  sha256& operator=(sha256&&) noexcept;

  void add(std::string_view bytes);
  /// 64 lower-case hexadecimal digits. Nothing is added afterwards.
  std::string finish();

private:
  struct context;
  std::unique_ptr<context> context_;
};

/// The digest of a file. `on_bytes` is told how many were read so far; empty: nobody is.
/// Errors: `not_found`; `io`.
base::result<std::string> sha256_of_file(const std::string& path,
                                         const std::function<void(std::uint64_t)>& on_bytes = {});

} // namespace tools
