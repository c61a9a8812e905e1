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

struct example {
  const char* path;
  std::string intro;
  std::map<std::string, std::string> chosen;
};

const std::string how_it_is_read =
    " Every key stands here with its default; what you change, uncomment. The command line goes "
    "before the environment, the environment before this file. Sizes: 1 MB is 2^20 bytes.";

const std::vector<example> examples{
    {example_path, "A single node." + how_it_is_read, {}},
    {"configs/cluster.toml",
     "One of three founders on one machine; the other two differ in node_id and the three "
     "addresses. Between machines nodes speak TLS only: set the files of [security], and addresses "
     "that others reach."
         + how_it_is_read,
     {{"cluster.node_id", "1"},
      {"cluster.http_addr", "\"127.0.0.1:8101\""},
      {"cluster.admin_addr", "\"127.0.0.1:8201\""},
      {"cluster.raft_addr", "\"127.0.0.1:8301\""},
      {"cluster.initial_members",
       R"(["1=127.0.0.1:8301", "2=127.0.0.1:8302", "3=127.0.0.1:8303"])"}}},
    {"configs/production.toml",
     "A node under systemd: /etc/aspen/node.toml of an installation. For one of several nodes set "
     "cluster.raft_addr, cluster.initial_members (equal on all founders) and the files of "
     "[security] too."
         + how_it_is_read,
     {{"cluster.node_id", "1"},
      {"cluster.data_dir", "\"/var/lib/aspen/node-1\""},
      {"cluster.sqlite_checkpoint_window", "\"02:00-04:00\""},
      {"log.file", "\"/var/log/aspen/node-1.log\""}}},
};

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

// ASPEN_REWRITE=1 in the environment of this test writes the files anew.
TEST_CASE("every file in configs/ shows every key with its default and what it does",
          "[settings]") {
  for (const auto& each : examples) {
    auto made = node::print_example(each.intro, each.chosen);
    if (std::getenv("ASPEN_REWRITE"))
      std::ofstream(each.path) << made;
    CAPTURE(each.path);
    CHECK(read_file(each.path) == made);
    auto loaded = configuration().file(made).load();
    for (const auto& key : node::all_keys()) {
      CAPTURE(key.full_name());
      bool is_set = each.chosen.contains(key.full_name());
      auto origin = loaded.origins.at(key.full_name()).from;
      CHECK((origin == node::value_origin::layer::file) == is_set);
    }
  }
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
