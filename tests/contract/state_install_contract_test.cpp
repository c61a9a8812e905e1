// SPDX-License-Identifier: Apache-2.0
// A snapshot of one server becomes the state of another, whatever the backend.
#include <filesystem>
#include <fstream>

#include "storage/install.hpp"
#include "tests/support/state_machine_fixture.hpp"

namespace {

using namespace storage;
using tests::state_machine_fixture;

constexpr std::uint64_t map_bytes = std::uint64_t{256} << 20;

std::string problem_of(const base::status& outcome) {
  return outcome ? std::string() : base::to_string(outcome.error());
}
std::string problem_of(const base::result<snapshot_report>& outcome) {
  return outcome ? std::string() : base::to_string(outcome.error());
}

/// Each test runs once for every backend.
class sender : public state_machine_fixture {
public:
  sender() : sender(GENERATE("sqlite", "lmdb", "memory")) {}

  /// The stores of the server that receives.
  store_paths stores() const {
    return {kind_, dir().path().string(), dir() / "raft-log.lmdb",
            (dir() / "other").string() + std::filesystem::path(path()).extension().string()};
  }
  transfer_paths files() const { return transfer_paths(stores()); }
  std::string incoming() const { return files().incoming(base::uuid_from_name("file")); }
  std::string ready() const { return files().prepared("install"); }

  storage::identity receiver() const {
    return {tests::test_cluster(), raft::server_id{9}, base::uuid_from_name("other life"),
            base::uuid_from_name("other log")};
  }
  void send() { REQUIRE(problem_of(machine().write_snapshot(incoming())) == ""); }
  base::result<snapshot_report> prepare(const snapshot_watch& watch = {}) {
    return prepare_install(stores(), incoming(), ready(), receiver(), {5, raft::log_index{1}},
                           map_bytes, watch);
  }
  std::unique_ptr<state_machine> open_received() {
    if (kind_ == backend::inmemory) {
      auto read = read_memory_snapshot(stores().state_path);
      REQUIRE(read);
      return std::make_unique<memory_state_machine>(receiver(), std::move(*read));
    }
    if (kind_ == backend::lmdb)
      return take(lmdb_state_machine::open({stores().state_path, map_bytes, {}}));
    sqlite_state_options options;
    options.path = stores().state_path;
    return take(sqlite_state_machine::open(options));
  }

private:
  explicit sender(const std::string& kind)
    : state_machine_fixture(kind), kind_(kind == "sqlite" ? backend::sqlite
                                         : kind == "lmdb" ? backend::lmdb
                                                          : backend::inmemory) {}
  template <class Opened>
  static std::unique_ptr<state_machine> take(Opened opened) {
    INFO((opened ? "" : base::to_string(opened.error())));
    REQUIRE(opened);
    return std::move(*opened);
  }

  backend kind_;
};

} // namespace

TEST_CASE_METHOD(sender, "an installed snapshot is the sender's state under this server's name") {
  put("a", "1");
  put("b", std::string(100000, 'b'));
  auto meta = machine().meta();
  send();
  put("c", "not in the snapshot");
  auto report = prepare();
  REQUIRE(problem_of(report) == "");
  CHECK(report->meta == meta);
  CHECK(report->rows == 2);
  CHECK_FALSE(std::filesystem::exists(incoming()));
  REQUIRE(problem_of(swap_state_file(stores(), ready())) == "");
  auto received = open_received();
  CHECK(received->meta() == meta);
  CHECK(received->identity() == receiver());
  CHECK(received->verify_rows([] { return true; }) == meta.digest);
  auto reader = received->open_reader();
  REQUIRE(reader);
  CHECK((*reader)->get("a")->found->value == "1");
  CHECK_FALSE((*reader)->get("c")->found);
}

TEST_CASE_METHOD(sender, "a snapshot in which a byte changed on its way is not prepared",
                 "[INV-65]") {
  put("a", std::string(5000, 'v'));
  send();
  auto bytes = [&] {
    std::ifstream in(incoming(), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }();
  bytes[bytes.find(std::string(100, 'v')) + 50] = 'w';
  std::ofstream(incoming(), std::ios::binary | std::ios::trunc) << bytes;
  auto report = prepare();
  REQUIRE_FALSE(report);
  CHECK(report.error().code == base::errc::corrupt);
  CHECK_FALSE(std::filesystem::exists(ready()));
}

TEST_CASE_METHOD(sender, "a snapshot that was cut short is not prepared", "[INV-65]") {
  for (int i = 0; i < 50; ++i)
    put("key " + std::to_string(i), std::string(5000, 'v'));
  send();
  std::filesystem::resize_file(incoming(), std::filesystem::file_size(incoming()) / 2);
  CHECK_FALSE(prepare());
  CHECK_FALSE(std::filesystem::exists(ready()));
}

TEST_CASE_METHOD(sender, "a snapshot whose preparation is stopped can be prepared later") {
  put("a", "1");
  send();
  snapshot_watch stopped{[] { return false; }};
  auto report = prepare(stopped);
  // Small files may be through before anybody asks.
  if (!report)
    CHECK(report.error().code == base::errc::interrupted);
  if (!report)
    CHECK(problem_of(prepare()) == "");
}

TEST_CASE_METHOD(sender, "a state machine that was given up is written by nobody any more") {
  put("a", "1");
  auto snapshots = machine().open_snapshots();
  REQUIRE(problem_of(machine().give_up()) == "");
  auto refused = apply({source.set("a", "2")});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == base::errc::unsupported);
  auto late = snapshots->write(dir() / "late", {});
  CHECK((late || late.error().code == base::errc::interrupted));
}

TEST_CASE_METHOD(sender, "what earlier lives left is removed, but for what is pending") {
  const auto notes = files().prepared("install-notes" + files().extension);
  std::ofstream(notes) << "of the operator";
  for (const auto& path : {files().outgoing(), files().outgoing() + ".partial",
                           files().prepared("install-7-1" + files().extension),
                           files().prepared("install-8-1" + files().extension), incoming(),
                           files().incoming(base::uuid_from_name("another"))})
    std::ofstream(path) << "x";
  pending_install pending;
  pending.file = "install-8-1" + files().extension;
  REQUIRE(problem_of(remove_transfer_leftovers(files(), pending)) == "");
  CHECK_FALSE(std::filesystem::exists(files().outgoing()));
  CHECK_FALSE(std::filesystem::exists(files().outgoing() + ".partial"));
  CHECK_FALSE(std::filesystem::exists(files().prepared("install-7-1" + files().extension)));
  CHECK(std::filesystem::exists(files().prepared(pending.file)));
  CHECK(std::filesystem::exists(incoming()));
  REQUIRE(problem_of(remove_other_incoming(files(), base::uuid_from_name("file"))) == "");
  CHECK(std::filesystem::exists(incoming()));
  CHECK_FALSE(std::filesystem::exists(files().incoming(base::uuid_from_name("another"))));
  CHECK(std::filesystem::exists(path()) == is_durable());
  CHECK(std::filesystem::exists(notes));
}
