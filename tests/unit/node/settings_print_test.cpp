// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <regex>

#include "node/setting_assign.hpp"
#include "node/settings_print.hpp"
#include "tests/unit/node/settings_fixture.hpp"

using tests::configuration;

namespace {

constexpr const char* example_path = "configs/single.toml";

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

TEST_CASE("what is printed is a file that says the same", "[settings]") {
  configuration config;
  config.file("[cluster]\nnode_id = 9\nsqlite_checkpoint_window = \"02:00-04:00\"\n"
              "[http]\nallowed_hosts = [\"a.example\", \"b\"]\nbehind_proxy = true\n"
              "[log]\nformat = \"json\"\nfile = \"a\\\\b \\\"c\\\"\"\n");
  auto first = config.load();
  configuration again;
  again.file(print_settings(first));
  auto second = again.load();
  for (const auto& each : node::all_keys()) {
    CAPTURE(each.full_name());
    CHECK(print_value(each, first.values) == print_value(each, second.values));
    CHECK(second.origins.at(each.full_name()).from == node::value_origin::layer::file);
  }
}

TEST_CASE("each printed value says where it came from", "[settings]") {
  configuration config;
  config.file("[cluster]\nnode_id = 9\n").variable("ASPEN_DATA_DIR", "/d");
  auto printed = print_settings(config.load());
  CHECK(std::regex_search(printed, std::regex("node_id = 9 +# .*aspen.toml:2\n")));
  CHECK(std::regex_search(printed, std::regex("data_dir = \"/d\" +# ASPEN_DATA_DIR\n")));
  CHECK(std::regex_search(printed, std::regex("format = \"text\" +# default\n")));
}

TEST_CASE("a secret is not printed", "[settings]") {
  auto key = *node::find_key("cluster", "data_dir");
  key.is_secret = true;
  auto loaded = configuration().variable("ASPEN_DATA_DIR", "/hush").load();
  CHECK(print_value(key, loaded.values) == "\"(hidden)\"");
}

// ASPEN_REWRITE=1 in the environment of this test writes the file anew.
TEST_CASE("configs/single.toml shows every key with its default", "[settings]") {
  if (std::getenv("ASPEN_REWRITE"))
    std::ofstream(example_path) << node::print_commented_defaults();
  CHECK(read_file(example_path) == node::print_commented_defaults());
}

TEST_CASE("configs/single.toml says nothing as it is, and the defaults when uncommented",
          "[settings]") {
  auto text = read_file(example_path);
  auto defaults = configuration().load();
  CHECK(print_settings(configuration().file(text).load()) == print_settings(defaults));
  // Uncommented, the {places} must be filled in, as a user would.
  auto all = std::regex_replace(text, std::regex("\n#([a-z])"), "\n$1");
  all = std::regex_replace(all, std::regex("\\{data_dir\\}"), "./data/node-1");
  all = std::regex_replace(all, std::regex("\\{node_id\\}"), "1");
  auto loaded = configuration().file(all).load();
  for (const auto& each : node::all_keys()) {
    CAPTURE(each.full_name());
    CHECK(loaded.origins.at(each.full_name()).from == node::value_origin::layer::file);
    CHECK(print_value(each, loaded.values) == print_value(each, defaults.values));
  }
}

// ASPEN_REWRITE=1 prints the rows.
TEST_CASE("the operations guide has a true row for every key", "[settings]") {
  auto guide = read_file("docs/configuration.md") + read_file("docs/operations.md");
  auto defaults = configuration().load().values;
  for (const auto& each : node::all_keys()) {
    auto standard = std::holds_alternative<node::member_of<std::string>>(each.member)
                        ? node::quote(each.default_text)
                        : print_value(each, defaults);
    auto row = "| `" + std::string(each.name) + "` | `" + standard + "` | " + each.allowed() + " | "
               + std::string(each.help) + " |\n";
    if (std::getenv("ASPEN_REWRITE"))
      std::cout << each.section << row;
    CHECK_THAT(guide, matchers::ContainsSubstring(row));
  }
}
