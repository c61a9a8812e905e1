// SPDX-License-Identifier: Apache-2.0
#include "storage/open_stores.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>

namespace storage {
namespace {

/// What makes two paths one file.
struct file_key {
  dev_t device = 0;
  ino_t inode = 0;
  friend bool operator==(const file_key&, const file_key&) = default;
};

struct claimed_file {
  std::string path;
  std::optional<file_key> key; ///< none until the file exists
};

struct registry {
  std::mutex mutex;
  std::uint64_t last_number = 0;
  std::map<std::uint64_t, claimed_file> claims;
};

// Never destroyed: a store may still be closed by a static's destructor.
registry& the_registry() {
  static auto* instance = new registry;
  return *instance;
}

/// By `stat` alone: opening the file would be the very mistake this prevents.
std::optional<file_key> key_of(const std::string& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0)
    return std::nullopt;
  return file_key{facts.st_dev, facts.st_ino};
}

std::string full_path(const std::string& path) {
  std::error_code failure;
  auto full = std::filesystem::weakly_canonical(path, failure);
  return failure ? path : full.string();
}

} // namespace

base::result<store_claim> store_claim::take(const std::string& path) {
  auto wanted = claimed_file{full_path(path), key_of(path)};
  auto& all = the_registry();
  std::lock_guard guard(all.mutex);
  for (const auto& [number, other] : all.claims)
    if (other.path == wanted.path || (wanted.key && other.key == wanted.key))
      return base::fail(base::errc::locked,
                        path + " is already open in this process as " + other.path);
  all.claims.emplace(++all.last_number, std::move(wanted));
  return store_claim(all.last_number);
}

store_claim::~store_claim() {
  if (number_ == 0)
    return;
  auto& all = the_registry();
  std::lock_guard guard(all.mutex);
  all.claims.erase(number_);
}

void store_claim::file_created() {
  auto& all = the_registry();
  std::lock_guard guard(all.mutex);
  auto& mine = all.claims.at(number_);
  mine.key = key_of(mine.path);
}

std::vector<std::string> open_stores() {
  auto& all = the_registry();
  std::lock_guard guard(all.mutex);
  std::vector<std::string> paths;
  for (const auto& [number, file] : all.claims)
    paths.push_back(file.path);
  std::sort(paths.begin(), paths.end());
  return paths;
}

} // namespace storage
