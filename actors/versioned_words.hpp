// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace actors {

/// A few words that are read together although they are written meanwhile, without a lock: a sequence
/// lock (Boehm, "Can seqlocks get along with programming language memory models?", MSPC 2012). All of
/// it is atomic, so that no thread sanitizer has to be told of it. The version is odd while the words
/// are written.
template <std::size_t Count>
class versioned_words {
public:
  using words = std::array<std::uint64_t, Count>;

  /// The first `used` words. Requires: one thread at a time writes, each ordered behind the last.
  void write(const words& what, std::size_t used = Count) noexcept {
    auto before = version_.load(std::memory_order_relaxed);
    version_.store(before + 1, std::memory_order_relaxed);
    fill(what, used, before);
  }
  /// By any thread; false, and nothing is written, while another writes.
  bool try_write(const words& what) noexcept {
    auto before = version_.load(std::memory_order_relaxed);
    if (before % 2 != 0
        || !version_.compare_exchange_strong(before, before + 1, std::memory_order_acquire,
                                             std::memory_order_relaxed))
      return false;
    fill(what, Count, before);
    return true;
  }
  /// What was written last; nothing when nothing was, or when it changes too often to be read.
  std::optional<words> read() const noexcept {
    constexpr int tries = 100;
    words seen;
    for (int i = 0; i < tries; ++i) {
      auto before = version_.load(std::memory_order_acquire);
      if (before == 0)
        return std::nullopt;
      for (std::size_t at = 0; at < Count; ++at)
        seen[at] = words_[at].load(std::memory_order_acquire);
      if (before % 2 == 0 && version_.load(std::memory_order_relaxed) == before)
        return seen;
    }
    return std::nullopt;
  }

private:
  // Who sees one of these words sees the odd version, too: each is released.
  void fill(const words& what, std::size_t used, std::uint64_t before) noexcept {
    for (std::size_t at = 0; at < used; ++at)
      words_[at].store(what[at], std::memory_order_release);
    version_.store(before + 2, std::memory_order_release);
  }

  std::atomic<std::uint64_t> version_{0};
  std::array<std::atomic<std::uint64_t>, Count> words_{};
};

} // namespace actors
