// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace supervisor {

struct process_limits {
  std::chrono::milliseconds time_max{std::chrono::minutes(2)};
  std::size_t output_bytes_max = std::size_t{4} * 1024 * 1024;
};

enum class process_end {
  exited,          ///< `status` is its exit status
  signalled,       ///< `status` is the signal
  timed_out,       ///< and was killed
  too_much_output, ///< and was killed
  cancelled,       ///< and was killed
  not_started,     ///< `status` is the errno
};

struct process_outcome {
  process_end how = process_end::not_started;
  int status = 0;
  std::string output; ///< of stdout, at most `output_bytes_max`
};

/// Runs `program` (a path) with `arguments` (without the name) and waits for its end: its
/// stdout is read, its stdin is empty, stderr is ours. It gets no other descriptor of this
/// process, default signal dispositions, no blocked signal, and a process group of its own,
/// so that an interrupt from the terminal is left to this process; whatever it started in
/// that group is killed with it. Blocks; any thread. `is_cancelled` is looked at every 50 ms.
process_outcome run_process(const std::string& program, const std::vector<std::string>& arguments,
                            const process_limits& limits, const std::atomic<bool>& is_cancelled);

} // namespace supervisor
