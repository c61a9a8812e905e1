// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include <lmdb.h>

namespace bench {

/// LMDB with nothing around it: records appended under growing numbers, each transaction
/// synced. The limit for the log store.
class bare_appender {
public:
  /// Requires: there is no file at `path`.
  explicit bare_appender(const std::filesystem::path& path);

  /// Appends `count` copies of `record` in one transaction; durable on return.
  void append(std::uint64_t count, const std::string& record);

private:
  struct closer {
    void operator()(MDB_env* environment) const { mdb_env_close(environment); }
  };

  std::unique_ptr<MDB_env, closer> environment_;
  MDB_dbi table_ = 0;
  std::uint64_t last_ = 0;
};

} // namespace bench
