// SPDX-License-Identifier: Apache-2.0
#include "actors/actor_stats.hpp"

#include <cstdlib>
#include <cxxabi.h>
#include <unistd.h>

namespace actors {

int thread_number() {
  thread_local const int number = ::gettid();
  return number;
}

std::string type_name(const std::type_info& type) {
  int status = 0;
  std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? name.get() : type.name();
}

std::string name_of(const message_type& what) {
  if (what.type)
    return type_name(*what.type);
  return what.library_name ? what.library_name : "(empty)";
}

} // namespace actors
