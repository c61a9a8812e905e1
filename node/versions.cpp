// SPDX-License-Identifier: Apache-2.0
#include "node/versions.hpp"

#include <caf/config.hpp>
#include <fmt/format.h>
#include <httplib.h>
#include <lmdb.h>
#include <sqlite3.h>

#include "base/version.hpp"

namespace node {

bool has_wal_reset_bug(int number) {
  constexpr int first = 3'007'000;
  constexpr int fixed = 3'051'003;
  auto is_fixed_branch = [number](int minor, int patch) {
    int branch = 3'000'000 + minor * 1000;
    return number >= branch + patch && number < branch + 1000;
  };
  return number >= first && number < fixed && !is_fixed_branch(50, 7) && !is_fixed_branch(44, 6);
}

versions linked_versions() {
  int major = 0;
  int minor = 0;
  int patch = 0;
  ::mdb_version(&major, &minor, &patch);
  return {std::string(base::version),
          std::string(base::git_commit),
          fmt::format("{}.{}.{}", CAF_MAJOR_VERSION, CAF_MINOR_VERSION, CAF_PATCH_VERSION),
          ::sqlite3_libversion(),
          fmt::format("{}.{}.{}", major, minor, patch),
          CPPHTTPLIB_VERSION,
          has_wal_reset_bug(::sqlite3_libversion_number())};
}

std::string to_text(const versions& all) {
  return fmt::format("aspen-node {} ({})\ncaf {}\nsqlite {}{}\nlmdb {}\nhttplib {}\n", all.aspen,
                     all.commit, all.caf, all.sqlite,
                     all.sqlite_has_wal_reset_bug
                         ? " (has the WAL-reset bug; one connection writes and checkpoints)"
                         : "",
                     all.lmdb, all.httplib);
}

} // namespace node
