// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "base/result.hpp"

namespace storage {

/// A file that holds space on the stores' file system until it is needed: given up when a
/// write finds none, so that a checkpoint can fold the WAL and the log can be compacted; made
/// again when space has returned. Any thread.
class space_reserve {
public:
  /// `path`: the file, beside the stores. Of `bytes` wanted, at most an eighth of the file
  /// system is kept; zero keeps nothing, and then nothing is ever short. Touches nothing yet.
  space_reserve(std::string path, std::uint64_t bytes);

  /// At start: keeps a file that is there, else makes it as `look` does.
  void begin();

  /// Before something that needs a little (a check, an open): gives the file up when next to
  /// nothing is free.
  void prepare();

  /// A write found no space: gives the file up. True when that was done just now.
  bool release();

  /// Makes the file anew when twice its size is free. True when it was made just now.
  bool look();

  /// It should be there and is not.
  bool is_out() const;
  /// Why, for a person, with the numbers; empty when it is not out.
  std::string trouble() const;
  /// What is kept, or would be.
  std::uint64_t bytes() const;

private:
  bool make();
  bool give_up();
  std::uint64_t bytes_on_this_disk() const;

  const std::string path_;
  const std::uint64_t wanted_;
  mutable std::mutex mutex_;
  std::uint64_t bytes_ = 0;
  bool is_out_ = false;
};

} // namespace storage
