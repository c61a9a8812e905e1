// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace http {

/// Descriptors left to the stores, their readers, backups, the validator's pipes and logs,
/// whatever clients do.
inline constexpr std::size_t descriptors_reserved = 256;

/// Raises the process's soft bound on open descriptors to its hard one, and returns the
/// bound now in force. A shell's soft bound of 1024 is meant for programs that use
/// `select`, which this one does not.
std::size_t raise_descriptor_bound();

/// How many of `wanted` connections may be open within `bound`, when `others` are let in
/// elsewhere; at least a few, however low the bound.
std::size_t connections_within(std::size_t bound, std::size_t wanted, std::size_t others);

} // namespace http
