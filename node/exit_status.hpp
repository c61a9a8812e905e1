// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What the process's exit status says; documented in docs/operations.md. INV-122.
namespace node::exit_status {

inline constexpr int stopped = 0;  ///< asked to stop, drained, both stores closed
inline constexpr int failed = 1;   ///< could not start, or died
inline constexpr int usage = 2;    ///< command line or configuration
inline constexpr int hung = 70;    ///< a store's owner made no progress (sysexits: EX_SOFTWARE)
inline constexpr int refused = 78; ///< on_refusal = "exit" (sysexits: EX_CONFIG)
/// Ended at once by a second signal: this plus the signal's number, as a shell reports it.
inline constexpr int signal_base = 128;

} // namespace node::exit_status
