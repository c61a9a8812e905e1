// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <ctime>
#include <fstream>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/transport/link_fixture.hpp"
#include "transport/certificates.hpp"

using namespace tests;
using namespace transport;

namespace {

// An authority and certificates below a directory of their own.
struct certificate_shop {
  temp_dir directory{"certificates"};
  authority_files authority = authority_files::in(directory.path());

  certificate_shop() { REQUIRE(make_authority(authority, "test authority", 10)); }

  tls_files make(std::uint64_t id, const std::string& name = "node", int days = 5) {
    auto files = files_of(name);
    auto made =
        make_node_certificate(authority, {raft::server_id{id}, {"127.0.0.1", "localhost"}, days},
                              files.certificate, files.key);
    INFO((made ? std::string() : made.error().text));
    REQUIRE(made);
    return files;
  }
  tls_files files_of(const std::string& name) const {
    return {authority.certificate, directory / (name + ".pem"), directory / (name + "-key.pem")};
  }
};

void replace(const tls_files& old, const tls_files& by) {
  std::filesystem::rename(by.certificate, old.certificate);
  std::filesystem::rename(by.key, old.key);
}

// Two servers with TLS; their files are chosen before `start`.
struct tls_pair : linked_pair {
  certificate_shop shop;

  void use(const tls_files& first, const tls_files& second) {
    one.settings().tls = first;
    two.settings().tls = second;
  }
};

bool says(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("an authority and a server's certificate are made for their owner alone",
          "[transport][certificates]") {
  certificate_shop shop;
  auto files = shop.make(3);
  for (const auto& file :
       {shop.authority.certificate, shop.authority.key, files.certificate, files.key}) {
    struct stat about{};
    REQUIRE(::stat(file.c_str(), &about) == 0);
    CHECK((about.st_mode & 07777) == 0600);
  }
  auto summary = read_certificate(files.certificate);
  REQUIRE(summary);
  CHECK(summary->subject == "CN=aspen-node-3");
  CHECK(summary->names == std::vector<std::string>{"aspen-node-3", "127.0.0.1", "localhost"});
  CHECK(summary->not_before < std::time(nullptr));
  CHECK(summary->not_after > std::time(nullptr) + 4 * 24 * 3600);
}

TEST_CASE("a certificate ends with its authority at the latest", "[transport][certificates]") {
  certificate_shop shop;
  auto files = shop.make(3, "node", 1000);
  CHECK(read_certificate(files.certificate)->not_after
        <= read_certificate(shop.authority.certificate)->not_after);
}

TEST_CASE("no file is replaced", "[transport][certificates]") {
  certificate_shop shop;
  auto files = shop.make(3);
  auto again = make_node_certificate(shop.authority, {raft::server_id{4}, {}, 5}, files.certificate,
                                     shop.directory / "other-key.pem");
  REQUIRE(!again);
  CHECK(says(again.error().text, "exists"));
  CHECK(!std::filesystem::exists(shop.directory / "other-key.pem"));
  CHECK(!make_authority(shop.authority, "another", 10));
  CHECK(read_certificate(files.certificate)->names.front() == "aspen-node-3");
}

TEST_CASE("what cannot be certified is refused", "[transport][certificates]") {
  certificate_shop shop;
  auto refused = [&](std::vector<std::string> hosts, int days) {
    auto files = shop.files_of("bad");
    auto made = make_node_certificate(shop.authority, {raft::server_id{1}, std::move(hosts), days},
                                      files.certificate, files.key);
    return !made && !std::filesystem::exists(files.key);
  };
  CHECK(refused({"a,DNS:aspen-node-2"}, 5));
  CHECK(refused({"a b"}, 5));
  CHECK(refused({""}, 5));
  CHECK(refused({}, 0));
  CHECK(refused({}, 1'000'000));
  CHECK(!make_node_certificate(authority_files::in(shop.directory / "nowhere"),
                               {raft::server_id{1}, {}, 5}, shop.directory / "x",
                               shop.directory / "y"));
}

TEST_CASE("a node's certificate cannot sign another", "[transport][certificates]") {
  certificate_shop shop;
  auto files = shop.make(3);
  auto made = make_node_certificate({files.certificate, files.key}, {raft::server_id{4}, {}, 5},
                                    shop.directory / "x.pem", shop.directory / "x-key.pem");
  REQUIRE(!made);
  CHECK(says(made.error().text, "sign"));
}

TEST_CASE("INV-137: two servers with certificates of their authority are linked",
          "[transport][tls]") {
  tls_pair pair;
  pair.use(pair.shop.make(1, "one"), pair.shop.make(2, "two"));
  pair.start();
  REQUIRE(eventually([&] { return pair.are_linked(); }));
  raft::append_entries sent;
  sent.entries.resize(1);
  sent.entries[0].payload = raft::payload(std::string(3 << 20, 'x'));
  pair.one.links().send(raft::server_id{2}, sent);
  pair.two.send(1, 4);
  REQUIRE(eventually([&] { return pair.one.received() == 1 && pair.two.received() == 1; }));
  CHECK(std::get<raft::append_entries>(pair.two.messages()[0]).entries == sent.entries);
  CHECK(pair.one.links().certificate_not_after().value() > std::time(nullptr));
}

TEST_CASE("INV-137: a certificate of another authority is refused, and both sides say so",
          "[transport][tls]") {
  tls_pair pair;
  certificate_shop elsewhere;
  pair.use(pair.shop.make(1, "one"), elsewhere.make(2, "two"));
  pair.start();
  CHECK(eventually([&] { return says(pair.one.last_error(2), "certificate is refused"); }));
  CHECK(!pair.are_linked());
}

TEST_CASE("INV-137: a dialler with a certificate of another authority is told that it is refused",
          "[transport][tls]") {
  tls_pair pair;
  certificate_shop elsewhere;
  auto files = elsewhere.make(1, "one");
  // It trusts the cluster, but the cluster does not trust it.
  std::ofstream both(elsewhere.directory / "both.pem");
  both << std::ifstream(elsewhere.authority.certificate).rdbuf()
       << std::ifstream(pair.shop.authority.certificate).rdbuf();
  both.close();
  files.authority = elsewhere.directory / "both.pem";
  pair.use(files, pair.shop.make(2, "two"));
  pair.start();
  CHECK(eventually(
      [&] { return says(pair.one.last_error(2), "refuses this server's certificate"); }));
  CHECK(!pair.are_linked());
}

TEST_CASE("INV-137: a certificate that names another server is refused", "[transport][tls]") {
  // Server 3's files are good, but whoever holds them is not server 2.
  tls_pair pair;
  linked_server three(server(3));
  three.settings().tls = pair.shop.make(3, "three");
  pair.use(pair.shop.make(1, "one"), pair.shop.make(2, "two"));
  pair.one.start();
  three.start();
  auto as_two = three.as_peer();
  as_two.id = raft::server_id{2};
  pair.one.know({as_two});
  three.know({pair.one.as_peer()});
  CHECK(eventually([&] { return says(pair.one.last_error(2), "wrong_certificate"); }));
  CHECK_THAT(pair.one.last_error(2), matchers::ContainsSubstring("aspen-node-3"));
}

TEST_CASE("a plain server and one with TLS tell each other what is wrong", "[transport][tls]") {
  certificate_shop shop;
  linked_pair pair;
  auto with_tls = GENERATE(1, 2);
  (with_tls == 1 ? pair.one : pair.two).settings().tls =
      shop.make(static_cast<std::uint64_t>(with_tls));
  pair.start();
  CHECK(eventually([&] {
    return says(pair.one.last_error(2), with_tls == 1 ? "does not speak TLS" : "handshake");
  }));
  CHECK(!pair.are_linked());
}

TEST_CASE("files that peers would refuse stop the start, naming the file", "[transport][tls]") {
  certificate_shop shop;
  certificate_shop elsewhere;
  auto good = shop.make(1);
  auto error_of = [&](const tls_files& files) {
    linked_server one(server(1));
    one.settings().tls = files;
    auto started = one.try_start();
    return started ? std::string() : started.error().text;
  };
  CHECK(error_of(good).empty());

  auto missing = good;
  missing.key = shop.directory / "nothing.pem";
  CHECK(says(error_of(missing), "nothing.pem"));

  auto other_key = good;
  other_key.key = shop.make(1, "again").key;
  CHECK(says(error_of(other_key), "again-key.pem"));

  auto other_name = shop.make(2, "two");
  CHECK(says(error_of(other_name), "aspen-node-2"));

  auto untrusted = good;
  untrusted.authority = elsewhere.authority.certificate;
  CHECK(says(error_of(untrusted), "will refuse it"));

  auto no_certificate = good;
  no_certificate.certificate = shop.directory / "text.pem";
  std::ofstream(no_certificate.certificate) << "some text\n";
  CHECK(says(error_of(no_certificate), "text.pem"));
}

TEST_CASE("new certificates are used without a restart, and bad ones leave the old in force",
          "[transport][tls]") {
  tls_pair pair;
  auto one = pair.shop.make(1, "one");
  auto two = pair.shop.make(2, "two", 2);
  pair.use(one, two);
  pair.start();
  REQUIRE(eventually([&] { return pair.are_linked(); }));
  auto before = pair.two.links().certificate_not_after().value();

  replace(two, pair.shop.make(2, "two-renewed", 8));
  REQUIRE(pair.two.links().reload());
  CHECK(pair.two.links().certificate_not_after().value() > before);
  CHECK(pair.are_linked()); // a standing link goes on

  auto renewed = pair.two.links().certificate_not_after();
  replace(two, pair.shop.make(3, "of-another"));
  auto refused = pair.two.links().reload();
  REQUIRE(!refused);
  CHECK_THAT(refused.error().text, matchers::ContainsSubstring("aspen-node-3"));
  CHECK(pair.two.links().certificate_not_after() == renewed);

  // A new connection works with what is in force.
  pair.two.know({}, 2);
  REQUIRE(eventually([&] { return !pair.one.is_linked(2); }));
  pair.two.know({pair.one.as_peer()}, 2);
  CHECK(eventually([&] { return pair.are_linked(); }));
}
