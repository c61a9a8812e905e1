// SPDX-License-Identifier: Apache-2.0
#include "http/fiber.hpp"

#include <cstdint>
#include <exception>
#include <new>

#include <sys/mman.h>
#include <unistd.h>

#include <boost/context/detail/fcontext.hpp>

#include "base/check.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#define ASPEN_ASAN 1
#else
#define ASPEN_ASAN 0
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#define ASPEN_TSAN 1
#else
#define ASPEN_TSAN 0
#endif

namespace http {

namespace context = boost::context::detail;

#if ASPEN_ASAN || ASPEN_TSAN
const std::size_t fiber::stack_bytes = std::size_t{1024} * 1024;
#else
const std::size_t fiber::stack_bytes = std::size_t{256} * 1024;
#endif

/// Both ends of the switch. `outside_*` describes the thread's own stack, from which the
/// fiber was entered last; `inside_*` the fiber's.
struct fiber::implementation {
  void* mapping = nullptr;
  std::size_t mapping_bytes = 0;
  context::fcontext_t inside = nullptr;
  context::fcontext_t outside = nullptr;
  bool is_ending = false;

  const void* stack_bottom = nullptr;
  std::size_t stack_size = 0;
  void* inside_fake = nullptr;
  void* outside_fake = nullptr;
  const void* outside_bottom = nullptr;
  std::size_t outside_size = 0;
  void* inside_tsan = nullptr;
  void* outside_tsan = nullptr;

  void enter(fiber& owner);
  void leave();
  static void run(context::transfer_t from);
};

namespace {

std::size_t page_bytes() {
  static const auto bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

} // namespace

// The frame of this function lives as long as the fiber; ASan must not put it on the fake
// stack, which is freed before the last switch away from here.
__attribute__((no_sanitize_address)) void fiber::implementation::run(context::transfer_t from) {
  auto* owner = static_cast<fiber*>(from.data);
  auto* self = owner->self_;
  self->outside = from.fctx;
#if ASPEN_ASAN
  __sanitizer_finish_switch_fiber(nullptr, &self->outside_bottom, &self->outside_size);
#endif
  for (;;) {
    if (!self->is_ending) {
      owner->work_(owner->argument_);
      owner->work_ = nullptr;
    }
    self->leave();
  }
}

void fiber::implementation::enter(fiber& owner) {
#if ASPEN_ASAN
  __sanitizer_start_switch_fiber(&outside_fake, stack_bottom, stack_size);
#endif
#if ASPEN_TSAN
  outside_tsan = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(inside_tsan, 0);
#endif
  inside = context::jump_fcontext(inside, &owner).fctx;
#if ASPEN_ASAN
  __sanitizer_finish_switch_fiber(outside_fake, nullptr, nullptr);
#endif
}

__attribute__((no_sanitize_address)) void fiber::implementation::leave() {
#if ASPEN_ASAN
  // A null pointer frees the fake stack: nothing comes back to an ending fiber.
  __sanitizer_start_switch_fiber(is_ending ? nullptr : &inside_fake, outside_bottom, outside_size);
#endif
#if ASPEN_TSAN
  __tsan_switch_to_fiber(outside_tsan, 0);
#endif
  outside = context::jump_fcontext(outside, nullptr).fctx;
#if ASPEN_ASAN
  __sanitizer_finish_switch_fiber(inside_fake, &outside_bottom, &outside_size);
#endif
}

fiber::fiber() {
  auto bytes = stack_bytes + page_bytes();
  auto* mapping = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (mapping == MAP_FAILED)
    throw std::bad_alloc();
  if (mprotect(mapping, page_bytes(), PROT_NONE) != 0) {
    munmap(mapping, bytes);
    throw std::bad_alloc();
  }
  // The description stands at the top; the stack grows down from it to the guard page.
  constexpr std::size_t reserved = (sizeof(implementation) + 63) / 64 * 64;
  auto* top = static_cast<char*>(mapping) + bytes - reserved;
  self_ = new (top) implementation;
  self_->mapping = mapping;
  self_->mapping_bytes = bytes;
  self_->stack_bottom = static_cast<char*>(mapping) + page_bytes();
  self_->stack_size = stack_bytes - reserved;
  self_->inside = context::make_fcontext(top, self_->stack_size, &implementation::run);
#if ASPEN_TSAN
  self_->inside_tsan = __tsan_create_fiber(0);
#endif
}

fiber::~fiber() {
  if (self_->outside != nullptr) { // it ran once: let it give up its fake stack
    self_->is_ending = true;
    self_->enter(*this);
  }
#if ASPEN_TSAN
  __tsan_destroy_fiber(self_->inside_tsan);
#endif
  munmap(self_->mapping, self_->mapping_bytes);
}

void fiber::start(work what, void* argument) {
  BASE_CHECK(is_idle(), "INV-110: a fiber takes one piece of work at a time");
  work_ = what;
  argument_ = argument;
  self_->enter(*this);
}

void fiber::resume() {
  BASE_CHECK(!is_idle(), "INV-110: an idle fiber has nowhere to go on");
  self_->enter(*this);
}

void fiber::suspend() {
  BASE_CHECK(std::uncaught_exceptions() == 0 && std::current_exception() == nullptr,
             "INV-110: no fiber is left while an exception is under way");
  self_->leave();
}

} // namespace http
