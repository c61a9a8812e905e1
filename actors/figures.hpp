// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "actors/versioned_words.hpp"

namespace actors {

/// What an actor says of its own state after each message: a few figures with names. Made on the stack,
/// without allocation.
class figure_list {
public:
  static constexpr std::size_t figures_max = 16;

  /// `name` lives as long as the program. What is beyond `figures_max` is left out.
  void add(const char* name, std::uint64_t value) {
    if (count_ < figures_max)
      place(name, value);
  }
  /// `text` is a literal, as `name` is.
  void add_text(const char* name, const char* text) {
    if (count_ < figures_max) {
      texts_ |= std::uint64_t{1} << count_;
      place(name, reinterpret_cast<std::uintptr_t>(text));
    }
  }

private:
  friend class published_figures;
  /// When, how many, which of them are texts; then each figure's name and value.
  static constexpr std::size_t head_words = 3;
  using words = versioned_words<head_words + 2 * figures_max>::words;

  void place(const char* name, std::uint64_t value) {
    words_[head_words + 2 * count_] = reinterpret_cast<std::uintptr_t>(name);
    words_[head_words + 2 * count_ + 1] = value;
    ++count_;
  }

  words words_; // as far as `count_` says
  std::size_t count_ = 0;
  std::uint64_t texts_ = 0;
};

struct figure {
  std::string_view name;
  std::variant<std::uint64_t, std::string_view> value;
};

/// The figures of one actor as it last said them. Written by the thread that runs the actor, read by
/// any: they can be read although the actor is stuck.
class published_figures {
public:
  void publish(figure_list& said, std::uint64_t at_ns) noexcept {
    said.words_[0] = at_ns;
    said.words_[1] = said.count_;
    said.words_[2] = said.texts_;
    words_.write(said.words_, figure_list::head_words + 2 * said.count_);
  }

  struct reading {
    std::uint64_t published_ns = 0; ///< zero: nothing was said
    std::vector<figure> figures;
  };
  reading read() const;

private:
  versioned_words<figure_list::head_words + 2 * figure_list::figures_max> words_;
};

} // namespace actors
