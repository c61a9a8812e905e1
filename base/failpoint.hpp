// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Named places at which a test makes the program fail. They exist in builds with the CMake
/// option ASPEN_FAILPOINTS alone; in every other the macros are nothing, and no name of a
/// failpoint, nor any way to arm one, is in the program (INV-151).
#ifdef ASPEN_FAILPOINTS

#include <atomic>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace base::failpoint {

/// How many are armed: while none is, a failpoint costs this one look.
extern std::atomic<int> armed_count;

/// Does what is armed for `group` and `name` joined by a dot, if anything: throws
/// std::runtime_error, ends the process, or waits.
void hit(std::string_view group, std::string_view name);
/// True when the caller is to fail as its device would.
bool fails(std::string_view name);

/// `what` is "NAME=[COUNT*]ACTION; …": throw, check (a broken invariant), crash (SIGSEGV), kill (SIGKILL), hang (until it is
/// armed otherwise), slow(MILLISECONDS), eio, or off. With a COUNT it happens so often, then is
/// off. Errors: `invalid`, naming the part; what stood before it is armed. Any thread.
base::status arm(std::string_view what);
/// Arms what the variable ASPEN_FAILPOINTS says. Errors: as of `arm`.
base::status arm_from_environment();
/// One line for each that was ever armed: "raft.message=2*throw, hit 7 times".
std::string describe();

} // namespace base::failpoint

/// For any statement; `group` may be a run-time text.
#define ASPEN_FAILPOINT(group, name)                                                               \
  do {                                                                                             \
    if (::base::failpoint::armed_count.load(std::memory_order_relaxed) != 0)                       \
      ::base::failpoint::hit(group, name);                                                         \
  } while (false)
/// `expression`, a base::status or base::result, or in its place an input/output error.
#define ASPEN_FAILPOINT_OR(name, expression)                                                       \
  (::base::failpoint::armed_count.load(std::memory_order_relaxed) != 0                             \
           && ::base::failpoint::fails(name)                                                       \
       ? decltype(expression)(::base::fail(::base::errc::io, "failpoint " name))                   \
       : (expression))

#else

#define ASPEN_FAILPOINT(group, name) static_cast<void>(0)
#define ASPEN_FAILPOINT_OR(name, expression) (expression)

#endif
