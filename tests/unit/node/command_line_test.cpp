// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "node/command_line.hpp"
#include "node/setting_keys.hpp"
#include "tests/support/catch.hpp"

using node::command_line;

namespace {

auto parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "aspen-node");
  return node::parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

} // namespace

TEST_CASE("without arguments the node runs with nothing set", "[command line]") {
  auto parsed = parse({});
  REQUIRE(parsed);
  CHECK(parsed->what == command_line::action::run);
  CHECK(parsed->flags.empty());
  CHECK_FALSE(parsed->config_file);
}

TEST_CASE("each setting flag sets its key of [cluster]", "[command line]") {
  auto parsed = parse({"--node-id", "3", "--data-dir", "/d", "--http-addr=a:1", "--admin-addr",
                       "a:2", "--raft-addr", "a:3", "--join", "a:4", "--config", "c.toml"});
  REQUIRE(parsed);
  CHECK(parsed->config_file == "c.toml");
  CHECK(parsed->flags.size() == 6);
  for (const auto& [key, flag] : parsed->flags) {
    CAPTURE(key);
    auto dot = key.find('.');
    CHECK(node::find_key(key.substr(0, dot), key.substr(dot + 1)) != nullptr);
  }
  CHECK(parsed->flags["cluster.http_addr"]
        == std::pair<std::string, std::string>("--http-addr", "a:1"));
}

TEST_CASE("what is asked instead of a run is recognised", "[command line]") {
  CHECK(parse({"--check-config"})->what == command_line::action::check_config);
  CHECK(parse({"--print-config"})->what == command_line::action::print_config);
  CHECK(parse({"--version"})->what == command_line::action::show_version);
  auto child = parse({"--cross-check-child", "{}"});
  CHECK(child->what == command_line::action::cross_check_child);
  CHECK(child->cross_check_request == "{}");
}

TEST_CASE("help goes to stdout and hides what is not for users", "[command line]") {
  auto end = parse({"--help"});
  REQUIRE_FALSE(end);
  CHECK(end.error().status == 0);
  for (const char* flag :
       {"--config", "--node-id", "--data-dir", "--http-addr", "--admin-addr", "--raft-addr",
        "--join", "--check-config", "--print-config", "--version"})
    CHECK_THAT(end.error().text, matchers::ContainsSubstring(flag));
  CHECK_THAT(end.error().text, !matchers::ContainsSubstring("cross-check"));
}

TEST_CASE("bad usage ends with status 2 and names the argument", "[command line][INV-122]") {
  for (auto wrong : {std::vector<const char*>{"--bogus"},
                     {"--node-id"},
                     {"extra"},
                     {"--check-config", "--print-config"}}) {
    auto end = parse(wrong);
    REQUIRE_FALSE(end);
    CHECK(end.error().status == 2);
    CHECK_THAT(end.error().text, matchers::ContainsSubstring(wrong.front()));
  }
}
