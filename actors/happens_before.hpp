// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What the CAF library orders and does not tell: it is not instrumented for the thread sanitizer. What
/// a thread did before `ASPEN_HAPPENS_BEFORE(address)` is done for one that passes
/// `ASPEN_HAPPENS_AFTER` of the same address later. Nothing in other builds (docs/testing.md).
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#define ASPEN_HAPPENS_BEFORE(address) __tsan_release(address)
#define ASPEN_HAPPENS_AFTER(address) __tsan_acquire(address)
#else
#define ASPEN_HAPPENS_BEFORE(address) static_cast<void>(address)
#define ASPEN_HAPPENS_AFTER(address) static_cast<void>(address)
#endif
