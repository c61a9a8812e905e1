// SPDX-License-Identifier: Apache-2.0
#include "base/limits.hpp"
#include "http/batch_reader.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/http/running_server.hpp"

using matchers::ContainsSubstring;

namespace {

http::refusal refused(const std::string& body) {
  auto read = http::read_batch(body);
  REQUIRE_FALSE(read);
  return read.error();
}

std::string batch_of(std::size_t count) {
  std::string body = R"({"operations":[)";
  for (std::size_t i = 0; i < count; ++i)
    body += std::string(i == 0 ? "" : ",") + R"({"delete":{"key":"k"}})";
  return body + "]}";
}

} // namespace

TEST_CASE("A batch is written in its order, all of it") {
  running_server node;
  auto done = node.ask("POST", "/v1/batch",
                       R"({"operations":[{"set":{"key":"a","value":"1"}},)"
                       R"({"set":{"value_base64":"AP8=","key":"b"}},{"delete":{"key":"a"}}]})");
  CHECK(done.status == 200);
  CHECK(done.body == R"({"revision":1})");
  CHECK(node.get("a").status == 404);
  CHECK(node.get("b").body == std::string("\0\xff", 2));
}

TEST_CASE("What is no JSON is 400 with the place where it stops being it") {
  auto fault = refused(R"({"operations":[}])");
  CHECK(fault.status == 400);
  CHECK(fault.position == 15);
  CHECK(refused("").status == 400);
  CHECK(refused(R"({"operations":[{"delete":{"key":"k"}}]} x)").status == 400);
  CHECK(refused("{\"operations\":[{\"delete\":{\"key\":\"\xff\"}}]}").status == 400);
  CHECK(refused(R"({"operations":[{"delete":{"key":"k"}})").status == 400);
}

TEST_CASE("JSON of another shape is 422 and names the member") {
  auto text = [](const std::string& body) {
    auto why = refused(body);
    CHECK(why.status == 422);
    return why.text;
  };
  CHECK(text("[]") == "the document is an array, but must be an object");
  CHECK(text("{}") == "member 'operations' is missing");
  CHECK(text(R"({"operations":[]})") == "operations is empty");
  CHECK(text(R"({"operations":{}})") == "operations is an object, but must be an array");
  CHECK(text(R"({"operations":[1]})") == "operations[0] is a number, but must be an object");
  CHECK(text(R"({"operations":[{"set":{"key":"k","value":7}}]})")
        == "operations[0].set.value is a number, but must be a string");
  CHECK(text(R"({"operations":[{"delete":{"key":"k"}},{"delete":{"key":null}}]})")
        == "operations[1].delete.key is null, but must be a string");
  CHECK(text(R"({"operations":[{"put":{}}]})") == "unknown member 'put' in operations[0]");
  CHECK(text(R"({"operations":[{}]})") == "operations[0] is neither set nor delete");
  CHECK(text(R"({"operations":[{"set":{"value":"v"}}]})") == "operations[0].set has no key");
  CHECK(text(R"({"operations":[{"set":{"key":"k"}}]})")
        == "operations[0].set has neither value nor value_base64");
  CHECK(text(R"({"operations":[{"set":{"key":"k","value":"","value_base64":""}}]})")
        == "operations[0].set holds more than one value");
  CHECK(text(R"({"operations":[{"set":{"key":"k","value_base64":"?"}}]})")
        == "operations[0].set.value_base64 is no base64 (RFC 4648, with padding)");
  CHECK(text(R"({"operations":[{"delete":{"key":"k"},"set":{"key":"k","value":""}}]})")
        == "operations[0] holds more than one operation");
  CHECK(text(R"({"operations":[{"delete":{"key":"k","key":"l"}}]})")
        == "member 'key' occurs twice in operations[0].delete");
  CHECK(text(R"({"operations":[{"delete":{"key":"k","value":"l"}}]})")
        == "unknown member 'value' in operations[0].delete");
  CHECK(text(R"({"if":1,"operations":[]})") == "unknown member 'if' in the document");
}

TEST_CASE("A batch over a limit is 413 with both numbers") {
  CHECK(http::read_batch(batch_of(1000)));
  auto many = refused(batch_of(1001));
  CHECK(many.status == 413);
  CHECK(many.limit == 1000);
  CHECK(many.actual == 1001);
  auto value = refused(R"({"operations":[{"set":{"key":"k","value":")"
                       + std::string(base::limits::value_bytes_max + 1, 'v') + R"("}}]})");
  CHECK(value.status == 413);
  CHECK(value.actual == base::limits::value_bytes_max + 1);
  auto key = refused(R"({"operations":[{"delete":{"key":")" + std::string(1025, 'k') + R"("}}]})");
  CHECK(key.status == 413);
  CHECK_THAT(key.text, ContainsSubstring("operations[0].delete.key"));
}

TEST_CASE("A key that cannot be stored is 400 and names the operation") {
  CHECK_THAT(refused(R"({"operations":[{"delete":{"key":""}}]})").text,
             ContainsSubstring("operations[0].delete.key"));
  CHECK(refused(R"({"operations":[{"delete":{"key":"a\u0000b"}}]})").status == 400);
}

TEST_CASE("Refused batches say that nothing was done") {
  running_server node;
  CHECK_THAT(node.ask("POST", "/v1/batch", "{").body, ContainsSubstring(R"("committed":"no")"));
  CHECK(node.gateway.requests() == 0);
}
