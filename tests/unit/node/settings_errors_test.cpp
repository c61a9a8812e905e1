// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/node/settings_fixture.hpp"

#include "node/setting_keys.hpp"

using matchers::ContainsSubstring;
using tests::configuration;

namespace {

std::string problems_of_file(const std::string& text) {
  return configuration().file(text).problems();
}

} // namespace

TEST_CASE("an unknown key names its line and the nearest one", "[settings][INV-121]") {
  configuration config;
  config.file("[cluster]\nnode_id = 1\nhtp_addr = \"127.0.0.1:1\"\n");
  CHECK(config.problems()
        == config.path() + ":3: unknown key cluster.htp_addr; nearest: cluster.http_addr\n");
}

TEST_CASE("a key in the wrong section, or in none, is told its section", "[settings][INV-121]") {
  CHECK_THAT(problems_of_file("node_id = 1\n"),
             ContainsSubstring("nearest: cluster.node_id (in section [cluster])"));
  CHECK_THAT(problems_of_file("[raft]\ndata_dir = \"d\"\n"),
             ContainsSubstring("nearest: cluster.data_dir (in section [cluster])"));
  CHECK_THAT(problems_of_file("nod_id = 1\n"), ContainsSubstring("nearest: cluster.node_id"));
}

TEST_CASE("an unknown section names the nearest one", "[settings][INV-121]") {
  CHECK_THAT(problems_of_file("[clutser]\nnode_id = 1\n"),
             ContainsSubstring(":1: unknown section [clutser]; nearest: [cluster]"));
}

TEST_CASE("a section that is written as a value is told how", "[settings][INV-121]") {
  CHECK_THAT(problems_of_file("log = 3\n"), ContainsSubstring("write [log] on a line of its own"));
}

TEST_CASE("a key of what is not built yet says so", "[settings][INV-121]") {
  CHECK_THAT(problems_of_file("[security]\ntoken = \"x\"\n"),
             ContainsSubstring("TLS and tokens for clients are not built yet"));
}

TEST_CASE("a collector's address is a URL of http or https", "[settings][INV-121]") {
  auto text = [](const std::string& url) { return "[trace]\ncollector_url = \"" + url + "\"\n"; };
  auto said = [&](const std::string& url) { return problems_of_file(text(url)); };
  for (const auto* good : {"http://127.0.0.1:4318/v1/traces", "https://collector"})
    CHECK(configuration().file(text(good)).load().values.trace.collector_url == good);
  CHECK_THAT(said("127.0.0.1:4318"), ContainsSubstring("does not begin with http:// or https://"));
  CHECK_THAT(said("grpc://h:4317"), ContainsSubstring("does not begin with http:// or https://"));
  CHECK_THAT(said("http:///v1"), ContainsSubstring("names no host"));
  CHECK_THAT(said("http://user@h/"), ContainsSubstring("has a blank, '@', '?' or '#' in it"));
}

TEST_CASE("a wrong type says what was found and what is expected", "[settings][INV-121]") {
  CHECK_THAT(problems_of_file("[cluster]\nnode_id = \"one\"\n"),
             ContainsSubstring(":2: cluster.node_id: expected a whole number, found the text "
                               "\"one\"; allowed: 1 or more"));
  CHECK_THAT(problems_of_file("[cluster]\ndata_dir = 3\n"),
             ContainsSubstring("expected a text in quotes, found 3"));
  CHECK_THAT(problems_of_file("[http]\nbehind_proxy = \"yes\"\n"),
             ContainsSubstring("expected true or false, found the text \"yes\""));
  CHECK_THAT(problems_of_file("[http]\nallowed_hosts = \"a\"\n"),
             ContainsSubstring("expected a list of texts"));
  CHECK_THAT(problems_of_file("[http]\nallowed_hosts = [1]\n"),
             ContainsSubstring("found a list that holds a integer"));
  CHECK_THAT(problems_of_file("[raft]\nheartbeat_interval = 100\n"),
             ContainsSubstring("expected a time with its unit in quotes, found 100"));
  CHECK_THAT(problems_of_file("[raft]\nlog_bytes_kept = 100\n"),
             ContainsSubstring("expected a size with its unit in quotes, found 100"));
  CHECK_THAT(problems_of_file("[cluster]\nnode_id = 1979-05-27\n"), ContainsSubstring("found a "));
}

TEST_CASE("a value out of range says what is allowed", "[settings][INV-121]") {
  CHECK_THAT(problems_of_file("[cluster]\nnode_id = 0\n"),
             ContainsSubstring("0 is out of range; allowed: 1 or more"));
  CHECK_THAT(problems_of_file("[cluster]\nnode_id = -1\n"), ContainsSubstring("out of range"));
  CHECK_THAT(problems_of_file("[cluster]\nsqlite_read_pool_size = 129\n"),
             ContainsSubstring("allowed: 1 to 128"));
  CHECK_THAT(problems_of_file("[cluster]\nsqlite_auto_checkpoint_threshold_mb = 0\n"),
             ContainsSubstring("0 is out of range"));
  CHECK_THAT(
      problems_of_file("[cluster]\nsqlite_auto_checkpoint_threshold_mb = 9223372036854775807\n"),
      ContainsSubstring("out of range"));
  CHECK_THAT(problems_of_file("[raft]\nheartbeat_interval = \"1ms\"\n"),
             ContainsSubstring("allowed: \"10ms\" to \"10s\""));
  CHECK_THAT(problems_of_file("[cluster]\nlmdb_map_size = \"1MB\"\n"),
             ContainsSubstring("allowed: \"64MB\" to \"16TB\""));
}

TEST_CASE("a lease for which no time is left is refused", "[settings][INV-121]") {
  CHECK_THAT(problems_of_file("[raft]\nleases_enabled = true\nheartbeat_interval = \"250ms\"\n"),
             ContainsSubstring("nothing is left for a lease"));
  CHECK(configuration().file("[raft]\nleases_enabled = true\n").load().values.raft.leases_enabled);
}

TEST_CASE("a name that is none of the allowed ones lists them", "[settings][INV-121]") {
  CHECK_THAT(problems_of_file("[cluster]\nstorage_backend = \"redb\"\n"),
             ContainsSubstring("allowed: \"sqlite\", \"lmdb\" or \"inmemory\""));
  CHECK_THAT(problems_of_file("[supervisor]\non_refusal = \"ignore\"\n"),
             ContainsSubstring("allowed: \"stay\" or \"exit\""));
  CHECK_THAT(problems_of_file("[log]\nfilter = \"aspen=loud\"\n"), ContainsSubstring("loud"));
}

TEST_CASE("what is no TOML names its line", "[settings][INV-121]") {
  CHECK_THAT(problems_of_file("[cluster]\nnode_id = \n"),
             ContainsSubstring("aspen.toml:2: no valid TOML: "));
  CHECK_THAT(problems_of_file("[cluster]\nnode_id = 1\nnode_id = 2\n"),
             ContainsSubstring("aspen.toml:3: no valid TOML: "));
}

TEST_CASE("a file that cannot be read is named with the reason", "[settings][INV-121]") {
  auto loaded = node::load_settings({"/no/such/file.toml", {}, {}});
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().front().line()
        == "/no/such/file.toml: cannot be read: No such file or directory");
}

TEST_CASE("all problems are reported, in the order of the file", "[settings][INV-121]") {
  auto problems = problems_of_file("[log]\nfilte = \"info\"\n[cluster]\nnode_i = 1\n");
  CHECK_THAT(problems, ContainsSubstring("log.filter"));
  CHECK(problems.find("log.filter") < problems.find("cluster.node_id"));
}

TEST_CASE("a bad variable or flag is named as such", "[settings][INV-121]") {
  CHECK_THAT(configuration().variable("ASPEN_NODE_ID", "x").problems(),
             matchers::StartsWith("ASPEN_NODE_ID: cluster.node_id: expected a whole number"));
  CHECK_THAT(configuration().flag("cluster.http_addr", "--http-addr", "8080").problems(),
             matchers::StartsWith("--http-addr: cluster.http_addr: \"8080\" is no address"));
}

TEST_CASE("a variable that is no key is warned of, with the nearest", "[settings][INV-121]") {
  auto loaded = configuration().variable("ASPEN_DATADIR", "/d").load();
  REQUIRE(loaded.warnings.size() == 1);
  CHECK(loaded.warnings.front().line()
        == "ASPEN_DATADIR: no setting has this variable; nearest: ASPEN_DATA_DIR");
}

TEST_CASE("a path that no file system call or JSON text could carry is refused",
          "[settings][INV-121]") {
  CHECK_THAT(problems_of_file("[cluster]\ndata_dir = \"a\\u0000b\"\n"),
             ContainsSubstring("not UTF-8, or holds a NUL"));
  CHECK_THAT(configuration().variable("ASPEN_DATA_DIR", "/d/\xff").problems(),
             ContainsSubstring("not UTF-8, or holds a NUL"));
}

TEST_CASE("two paths that must differ are refused however they are written",
          "[settings][INV-121]") {
  CHECK_THAT(
      problems_of_file("[cluster]\nlmdb_log_path = \"/d/x\"\nsqlite_sm_path = \"/d/./x\"\n"),
      ContainsSubstring("cluster.lmdb_log_path and cluster.sqlite_sm_path are the same path"));
  CHECK_THAT(problems_of_file("[log]\nfile = \"data/../data/node-1/state-machine.db\"\n"),
             ContainsSubstring("aspen.toml:2: cluster.sqlite_sm_path and log.file"));
}

TEST_CASE("listeners that would take the same port are refused", "[settings][INV-121]") {
  CHECK_THAT(problems_of_file("[cluster]\nadmin_addr = \"127.0.0.1:8080\"\n"),
             ContainsSubstring("cluster.http_addr (127.0.0.1:8080) and cluster.admin_addr "
                               "(127.0.0.1:8080) would take the same port"));
  CHECK_THAT(problems_of_file("[http]\nbehind_proxy = true\n[cluster]\nhttp_addr = "
                              "\"0.0.0.0:8081\"\n"),
             ContainsSubstring("would take the same port"));
}

TEST_CASE("a listener beyond loopback needs a proxy in front", "[settings][INV-125]") {
  auto address = GENERATE("0.0.0.0:80", "[::]:80", "10.0.0.1:80", "db1.example:80", "127.evil:80");
  auto key = GENERATE("http_addr", "admin_addr");
  auto text = std::string("[cluster]\n") + key + " = \"" + address + "\"\n";
  CHECK_THAT(problems_of_file(text), ContainsSubstring("TLS and tokens are not built yet"));
  CHECK_NOTHROW(configuration().file("[http]\nbehind_proxy = true\n" + text).load());
}

TEST_CASE("loopback needs no proxy, under each of its names", "[settings][INV-125]") {
  auto address = GENERATE("127.0.0.1:80", "127.9.9.9:80", "[::1]:80", "localhost:80");
  configuration config;
  config.file(std::string("[cluster]\nhttp_addr = \"") + address + "\"\n");
  CHECK(to_string(config.load().values.cluster.http_addr) == address);
}

TEST_CASE("founders are listed once, this node among them", "[settings][INV-126]") {
  auto founders = [](const std::string& list) {
    return problems_of_file("[cluster]\nraft_addr = \"127.0.0.1:1\"\ninitial_members = [" + list
                            + "]\n");
  };
  CHECK_THAT(founders("\"2=127.0.0.1:2\", \"3=127.0.0.1:3\""),
             ContainsSubstring("does not name this node, 1"));
  CHECK_THAT(founders("\"1=127.0.0.1:1\", \"2=127.0.0.1:2\", \"2=127.0.0.1:3\""),
             ContainsSubstring("names member 2 twice"));
  CHECK_THAT(founders("\"1=127.0.0.1:1\", \"2=127.0.0.1:1\""),
             ContainsSubstring("members 1 and 2 have the same address, 127.0.0.1:1"));
  CHECK_THAT(founders("\"1=127.0.0.1:4\", \"2=127.0.0.1:2\""),
             ContainsSubstring("says this node is found at 127.0.0.1:4, cluster.raft_addr says"));
  CHECK_THAT(founders("\"1=127.0.0.1:1\", \"2=0.0.0.0:2\""),
             ContainsSubstring("0.0.0.0:2 is no address at which others find member 2"));
  CHECK_THAT(founders("\"x\""), ContainsSubstring("\"x\" is no member"));
}

TEST_CASE("a node founds a cluster or joins one", "[settings][INV-126]") {
  configuration config;
  config.file("[cluster]\ninitial_members = [\"1=127.0.0.1:8082\"]\n")
      .flag("cluster.join", "--join", "127.0.0.1:8080");
  CHECK_THAT(config.problems(), ContainsSubstring("a node founds a cluster or joins one"));
  CHECK_THAT(configuration().flag("cluster.join", "--join", "nowhere").problems(),
             matchers::StartsWith("--join: cluster.join"));
}

TEST_CASE("nodes on several machines speak TLS only", "[settings][INV-125]") {
  auto text = std::string("[cluster]\nraft_addr = \"10.0.0.1:1\"\n"
                          "initial_members = [\"1=10.0.0.1:1\", \"2=10.0.0.2:1\"]\n");
  auto problems = problems_of_file(text);
  CHECK_THAT(problems, ContainsSubstring("cluster.raft_addr (10.0.0.1:1) is no loopback address"));
  CHECK_THAT(problems, ContainsSubstring("(10.0.0.2:1) is no loopback address"));
  auto files = std::string("[security]\npeer_cert_file = \"c\"\npeer_key_file = \"k\"\n");
  CHECK_THAT(problems_of_file(files + text), ContainsSubstring("security.peer_ca_file is missing"));
  CHECK_NOTHROW(configuration().file(files + "peer_ca_file = \"a\"\n" + text).load());
}

TEST_CASE("founders come sorted, and one alone is a single node", "[settings][INV-126]") {
  configuration config;
  config.file("[cluster]\ninitial_members = [\"1=127.0.0.1:8082\"]\n");
  CHECK(config.load().values.cluster.founders().size() == 1);
  CHECK_FALSE(config.load().values.cluster.names_peers());
  configuration three;
  three.file("[cluster]\ninitial_members = [\"3=127.0.0.1:3\", \"1=127.0.0.1:8082\", "
             "\"2=127.0.0.1:2\"]\n");
  auto values = three.load().values;
  CHECK(values.cluster.names_peers());
  CHECK(values.cluster.founders().front().id == 1);
  CHECK(values.cluster.founders().back().id == 3);
}

TEST_CASE("times that contradict each other are refused", "[settings][INV-121]") {
  CHECK_THAT(problems_of_file("[raft]\nelection_timeout_min = \"2s\"\n"),
             ContainsSubstring("must be below"));
  CHECK_THAT(problems_of_file("[raft]\nheartbeat_interval = \"600ms\"\n"),
             ContainsSubstring("must be at most half of"));
  CHECK_THAT(problems_of_file("[supervisor]\nbackoff_initial = \"20s\"\n"),
             ContainsSubstring("must not exceed"));
}

TEST_CASE("the nearest name is near, or none", "[settings]") {
  std::vector<std::string> names{"node_id", "data_dir"};
  CHECK(node::nearest("nodeid", names) == "node_id");
  CHECK(node::nearest("datadir", names) == "data_dir");
  CHECK(node::nearest("password", names).empty());
}
