// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace aspenctl {

/// A bash script that completes the subcommands and options of `program`, to be sourced. It is made from
/// the description of the command line itself, so that it offers what there is.
std::string bash_completion(const CLI::App& program);

} // namespace aspenctl
