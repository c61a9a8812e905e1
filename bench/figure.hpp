// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"

/// In-process figures: each is measured beside the bare engine it stands on, in the same
/// run, taking turns.
namespace bench {

using clock = std::chrono::steady_clock;

/// What was asked of the run.
struct plan {
  std::filesystem::path directory; ///< empty, on a real disk; the caller removes it
  int rounds = 3;                  ///< turns each side takes
  std::chrono::milliseconds turn{2500};
  std::uint64_t snapshot_keys = 1'000'000;
};

/// Samples of ours and of what stands beside it, one a turn. Medians count.
struct figure {
  std::string id;   ///< stable, for programs
  std::string what; ///< for people
  std::string unit = "/s";
  std::vector<double> ours;
  std::string beside;
  std::vector<double> other;
};

double median(std::vector<double> samples);

/// Says on standard error what is being done.
void progress(const std::string& doing);

/// Runs `ours` and `other`, each of which answers one sample, in turns.
template <class Ours, class Other>
figure take_turns(const plan& how, figure about, Ours&& ours, Other&& other) {
  progress(about.what);
  for (int round = 0; round < how.rounds; ++round) {
    about.ours.push_back(ours());
    about.other.push_back(other());
  }
  return about;
}

/// Adds up the time of what is measured; what lies between is not counted.
class stopwatch {
public:
  template <class Work>
  decltype(auto) time(Work&& work) {
    struct scope {
      stopwatch& watch;
      clock::time_point began = clock::now();
      ~scope() { watch.spent_ += clock::now() - began; }
    } scope{*this};
    return std::forward<Work>(work)();
  }
  clock::duration spent() const { return spent_; }
  double per_second(std::uint64_t count) const {
    return static_cast<double>(count) / std::chrono::duration<double>(spent_).count();
  }

private:
  clock::duration spent_{};
};

/// The value, or an exception with the error's text: a bench that fails has no figure.
template <class T>
T required(base::result<T> outcome) {
  if (!outcome)
    throw std::runtime_error(to_string(outcome.error()));
  if constexpr (!std::is_void_v<T>)
    return std::move(*outcome);
}

// Each group of figures, in files of its own below `how.directory`.
std::vector<figure> read_figures(const plan& how);
std::vector<figure> batch_figures(const plan& how);
std::vector<figure> snapshot_figures(const plan& how);
std::vector<figure> log_figures(const plan& how);

} // namespace bench
