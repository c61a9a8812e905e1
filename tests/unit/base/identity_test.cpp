// SPDX-License-Identifier: Apache-2.0
#include <set>
#include <string>

#include "base/uuid.hpp"
#include "tests/support/catch.hpp"

using base::uuid;

TEST_CASE("random identities differ and carry version 4", "[base][RFC 9562]") {
  std::set<uuid> seen;
  for (int i = 0; i < 1000; ++i) {
    auto id = base::random_uuid();
    REQUIRE(seen.insert(id).second);
    REQUIRE((id.octets[6] >> 4) == 4);
    REQUIRE((id.octets[8] >> 6) == 2);
    REQUIRE_FALSE(id.is_nil());
  }
}

TEST_CASE("equal names give equal identities of version 8", "[base][RFC 9562]") {
  auto id = base::uuid_from_name("1=a:1,2=b:2");
  CHECK(id == base::uuid_from_name("1=a:1,2=b:2"));
  CHECK(id != base::uuid_from_name("1=a:1,2=b:3"));
  CHECK((id.octets[6] >> 4) == 8);
  CHECK((id.octets[8] >> 6) == 2);
}

TEST_CASE("the identity of a name is the same in every version of the program", "[base]") {
  CHECK(base::to_string(base::uuid_from_name("aspen")) == "1af1f662-5409-8db5-8197-d62b1dac8d61");
}

TEST_CASE("an identity's text reads back, and nothing else does", "[base]") {
  auto id = base::uuid_from_name("x");
  auto text = base::to_string(id);
  CHECK(text.size() == 36);
  CHECK(base::uuid_from_string(text) == id);
  CHECK(base::uuid_from_string("00000000-0000-0000-0000-000000000000") == uuid{});
  CHECK_FALSE(base::uuid_from_string(""));
  CHECK_FALSE(base::uuid_from_string(text + "0"));
  CHECK_FALSE(base::uuid_from_string("0" + text.substr(1, 7) + "x" + text.substr(9)));
  CHECK_FALSE(base::uuid_from_string("g" + text.substr(1)));
}

TEST_CASE("an identity is sixteen bytes that read back", "[base]") {
  auto id = base::uuid_from_name("x");
  base::bytes stored;
  id.append_to(stored);
  CHECK(stored.size() == 16);
  base::byte_reader reader(stored);
  CHECK(uuid::read_from(reader) == id);
  base::byte_reader short_reader(base::byte_view(stored).substr(1));
  uuid::read_from(short_reader);
  CHECK_FALSE(short_reader.ok());
}
