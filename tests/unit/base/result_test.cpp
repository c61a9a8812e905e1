// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"
#include "tests/support/catch.hpp"

using base::errc;

TEST_CASE("an error is wrapped once per layer", "[base]") {
  base::error inner{errc::busy, "lock"};
  auto outer = inner.within("open log").within("start");
  CHECK(outer.code == errc::busy);
  CHECK(base::to_string(outer) == "busy: start: open log: lock");
}

TEST_CASE("a failure converts to any result", "[base]") {
  base::result<int> number = base::fail(errc::not_found, "entry 7");
  base::status done = base::fail(base::error{errc::io, "read"});
  CHECK_FALSE(number);
  CHECK(number.error().code == errc::not_found);
  CHECK(done.error().text == "read");
  CHECK(base::status{});
}

TEST_CASE("every code has a name of its own", "[base]") {
  CHECK(base::to_string(errc::io) == "io");
  CHECK(base::to_string(errc::sync_failed) == "sync_failed");
  CHECK(base::to_string(errc::corrupt) == "corrupt");
  CHECK(base::to_string(errc::storage_full) == "storage_full");
  CHECK(base::to_string(errc::busy) == "busy");
  CHECK(base::to_string(errc::locked) == "locked");
  CHECK(base::to_string(errc::not_found) == "not_found");
  CHECK(base::to_string(errc::incompatible) == "incompatible");
  CHECK(base::to_string(errc::invalid) == "invalid");
  CHECK(base::to_string(errc::limit) == "limit");
  CHECK(base::to_string(errc::unsupported) == "unsupported");
  CHECK(base::to_string(errc::resource) == "resource");
  CHECK(base::to_string(errc::timeout) == "timeout");
  CHECK(base::to_string(errc::interrupted) == "interrupted");
}
