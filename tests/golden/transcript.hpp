// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace golden {

/// Runs one command line and returns what it printed.
using performer = std::function<std::string(const std::string& command)>;

/// Performs the commands of a transcript and returns the transcript they make. Its form:
/// lines that begin with `#`, and empty lines, are kept as they are; a command is one line;
/// what it printed stands between a line `----` after it and the next empty line.
std::string retell(std::string_view text, const performer& perform);

/// The first line in which `told` and `retold` differ, with both versions; nothing if equal.
std::optional<std::string> first_difference(std::string_view told, std::string_view retold);

} // namespace golden
