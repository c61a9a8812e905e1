// SPDX-License-Identifier: Apache-2.0
#include "supervisor/store_prints.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/bytes.hpp"
#include "base/hash.hpp"

namespace supervisor {

namespace {

constexpr std::size_t block_bytes = std::size_t{1} << 20;

class reading {
public:
  explicit reading(const std::string& path)
    : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  reading(const reading&) = delete;
  reading& operator=(const reading&) = delete;
  ~reading() {
    if (descriptor_ >= 0)
      ::close(descriptor_);
  }
  bool is_open() const { return descriptor_ >= 0; }
  /// Fills `block` as far as the file goes; false, with errno, when it cannot be read.
  bool read(base::bytes& block) {
    block.resize(block_bytes);
    std::size_t filled = 0;
    while (filled < block.size()) {
      auto count = ::read(descriptor_, block.data() + filled, block.size() - filled);
      if (count == 0)
        break;
      if (count < 0 && errno != EINTR)
        return false;
      filled += count > 0 ? static_cast<std::size_t>(count) : 0;
    }
    block.resize(filled);
    return true;
  }

private:
  int descriptor_;
};

std::string unreadable() {
  return errno == ENOENT ? "missing" : std::string("unreadable: ") + std::strerror(errno);
}

file_print take_print(const std::string& path, const std::atomic<bool>& is_cancelled) {
  file_print print{std::filesystem::path(path).filename().string(), 0, {}};
  reading file(path);
  if (!file.is_open()) {
    print.digest = unreadable();
    return print;
  }
  base::hash128 digest;
  base::bytes block;
  base::bytes chained;
  do {
    if (!file.read(block)) {
      print.digest = unreadable();
      return print;
    }
    chained.clear();
    digest.append_to(chained);
    chained.insert(chained.end(), block.begin(), block.end());
    digest = base::hash_of(chained);
    print.bytes += block.size();
  } while (block.size() == block_bytes && !is_cancelled.load(std::memory_order_relaxed));
  print.digest = base::to_hex(digest);
  return print;
}

} // namespace

std::vector<file_print> take_prints(const std::vector<std::string>& paths,
                                    const std::atomic<bool>& is_cancelled) {
  std::vector<file_print> prints;
  for (const auto& path : paths)
    if (!is_cancelled.load(std::memory_order_relaxed))
      prints.push_back(take_print(path, is_cancelled));
  return prints;
}

} // namespace supervisor
