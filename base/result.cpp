// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"

namespace base {

std::string_view to_string(errc code) {
  switch (code) {
  case errc::io: return "io";
  case errc::sync_failed: return "sync_failed";
  case errc::corrupt: return "corrupt";
  case errc::storage_full: return "storage_full";
  case errc::busy: return "busy";
  case errc::locked: return "locked";
  case errc::not_found: return "not_found";
  case errc::incompatible: return "incompatible";
  case errc::invalid: return "invalid";
  case errc::limit: return "limit";
  case errc::unsupported: return "unsupported";
  case errc::resource: return "resource";
  case errc::timeout: return "timeout";
  case errc::interrupted: return "interrupted";
  }
  return "unknown";
}

std::string to_string(const error& failure) {
  return std::string(to_string(failure.code)) + ": " + failure.text;
}

} // namespace base
