// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "trace/context.hpp"
#include "trace/recorder.hpp"

namespace trace {

/// Records what `actor` did, or what was done to it, as part of what the calling thread works
/// on. Nothing without a recorder.
inline void note(recorder* where, event_kind kind, name_id actor, name_id what,
                 std::uint64_t value = 0, std::uint64_t detail = 0) noexcept {
  if (where)
    where->record({steady_now_ns(), current().trace, detail, current().span, value, actor,
                   current().actor, what, kind});
}

/// A piece of work on a store, from its making to its end: `work_began`, then `work_ended`
/// with its duration. `size` is in entries or frames. An exception ends it like success: the
/// actor's exit, which follows, says why.
class work {
public:
  work(recorder* where, name_id actor, std::string_view what, std::uint64_t size = 0)
    : where_(where), actor_(actor), what_(where ? where->id_of(what) : name_id{0}),
      began_ns_(steady_now_ns()) {
    note(where_, event_kind::work_began, actor_, what_, size);
  }
  ~work() { note(where_, event_kind::work_ended, actor_, what_, steady_now_ns() - began_ns_); }
  work(const work&) = delete;
  work& operator=(const work&) = delete;

private:
  recorder* where_;
  name_id actor_;
  name_id what_;
  std::uint64_t began_ns_;
};

} // namespace trace
