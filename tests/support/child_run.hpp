// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

namespace tests {

/// Runs `work` in a process of its own and returns what it returned; a signal or an exception
/// that ends it is told as `died: …`. For a test without threads.
std::string run_in_child(const std::function<std::string()>& work);

/// Runs `work(0)` to `work(count - 1)` in `processes` processes at once, and returns all that
/// they had to say, one line each, at most the first few of each process.
std::string run_side_by_side(std::size_t count, std::size_t processes,
                             const std::function<std::string(std::size_t)>& work);

} // namespace tests
