// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"

/// Which store files this process holds open. Opening an LMDB environment twice in one
/// process, or opening and closing a database file beside SQLite, drops locks the other
/// handle relies on (lmdb.h "Caveats"; sqlite.org/howtocorrupt.html 2.2). Any thread.
namespace storage {

/// The right of one handle to a store file, given back when it goes.
class store_claim {
public:
  /// Claims the file at `path`, which need not exist yet.
  /// Errors: `locked` when this process has it open already, under whatever name.
  static base::result<store_claim> take(const std::string& path);

  store_claim(store_claim&& other) noexcept : number_(std::exchange(other.number_, 0)) {}
  store_claim& operator=(store_claim&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~store_claim();

  /// Call once the file exists, so that it is recognised under other names too.
  void file_created();

private:
  explicit store_claim(std::uint64_t number) : number_(number) {}
  std::uint64_t number_ = 0;
};

/// Paths of all stores now open in this process, sorted. Empty after a group was closed
/// in order (two stores, one truth: rule 22).
std::vector<std::string> open_stores();

} // namespace storage
