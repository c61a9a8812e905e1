// SPDX-License-Identifier: Apache-2.0
#include "tests/support/store_damage.hpp"

#include <fcntl.h>
#include <lmdb.h>
#include <sqlite3.h>
#include <unistd.h>

#include <memory>

#include "storage/log_codec.hpp"
#include "storage/state_codec.hpp"

namespace tests {

namespace {

using storage::log_codec::encode_key;
namespace mark = storage::log_codec::mark;

struct sqlite_closer {
  void operator()(sqlite3* handle) const { sqlite3_close(handle); }
};

int take_first(void* out, int columns, char** values, char**) {
  auto* text = static_cast<std::string*>(out);
  if (text->empty() && columns > 0 && values[0] != nullptr)
    *text = values[0];
  return 0;
}

template <class Value>
void put_mark(two_stores& stores, std::string_view name, const Value& value) {
  stores.edit_log([&](auto& txn, const auto& tables) {
    REQUIRE(storage::put_log_mark(txn, tables, name, value, stores.who.log_uuid));
  });
}

std::string quoted(const std::string& text) {
  return "'" + text + "'";
}

} // namespace

std::string query_sql(const std::string& path, const std::string& sql) {
  sqlite3* opened = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &opened) == SQLITE_OK);
  std::unique_ptr<sqlite3, sqlite_closer> handle(opened);
  std::string answer;
  int code = sqlite3_exec(opened, sql.c_str(), &take_first, &answer, nullptr);
  INFO(sql << ": " << sqlite3_errmsg(opened));
  REQUIRE(code == SQLITE_OK);
  return answer;
}

void run_sql(const std::string& path, const std::string& sql) {
  query_sql(path, sql);
}

void overwrite(const std::string& path, std::uint64_t offset, const std::string& bytes) {
  int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  REQUIRE(file >= 0);
  CHECK(::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset))
        == static_cast<ssize_t>(bytes.size()));
  ::close(file);
}

void flip_bit(const std::string& path, std::uint64_t byte, unsigned bit) {
  auto whole = two_stores::content(path);
  overwrite(path, byte, std::string(1, static_cast<char>(whole.at(byte) ^ (1 << bit))));
}

void zero_page(const std::string& path, std::uint64_t page) {
  overwrite(path, page * page_bytes, std::string(page_bytes, '\0'));
}

void swap_pages(const std::string& path, std::uint64_t one, std::uint64_t other) {
  auto whole = two_stores::content(path);
  overwrite(path, one * page_bytes, whole.substr(other * page_bytes, page_bytes));
  overwrite(path, other * page_bytes, whole.substr(one * page_bytes, page_bytes));
}

void set_size(const std::string& path, std::uint64_t bytes) {
  std::filesystem::resize_file(path, bytes);
}

std::uint64_t page_of(const std::string& path, const std::string& text) {
  auto found = two_stores::content(path).find(text);
  REQUIRE(found != std::string::npos);
  return found / page_bytes;
}

void forge(two_stores& stores, const std::function<void(recorded_values&)>& change) {
  stores.close();
  recorded_values all;
  {
    auto found = two_stores::value_of(storage::inspect_sqlite(stores.state_path()));
    all = {found->facts().identity, found->facts().meta, found->facts().watermark};
  }
  change(all);
  std::string sql;
  for (const auto& [key, value] : storage::to_values(all.identity.cluster_id, all.meta))
    sql += "UPDATE state_machine_meta SET value = " + quoted(value) + " WHERE key = " + quoted(key)
           + ";";
  for (const auto& [key, value] : storage::to_values(all.identity, all.watermark, 0))
    sql += "UPDATE node_local SET value = " + quoted(value) + " WHERE key = " + quoted(key) + ";";
  run_sql(stores.state_path(), sql);
}

void copy_log(two_stores& stores, unsigned int flags) {
  auto to = (stores.dir / "copy.lmdb").string();
  MDB_env* handle = nullptr;
  REQUIRE(mdb_env_create(&handle) == 0);
  REQUIRE(mdb_env_open(handle, stores.log_path().c_str(), MDB_NOSUBDIR | MDB_RDONLY, 0600) == 0);
  REQUIRE(mdb_env_copy2(handle, to.c_str(), flags) == 0);
  mdb_env_close(handle);
  stores.put_back(to, stores.log_path());
}

void set_hard_state(two_stores& stores, std::uint64_t term, std::uint64_t vote,
                    std::uint64_t commit) {
  put_mark(stores, mark::hard_state,
           raft::hard_state{raft::term{term}, raft::server_id{vote}, raft::log_index{commit}});
}

void set_checkpoints(two_stores& stores, std::uint64_t started, std::uint64_t completed) {
  put_mark(
      stores, mark::checkpoints,
      storage::log_codec::checkpoint_marks{raft::log_index{started}, raft::log_index{completed}});
}

void put_entry(two_stores& stores, const raft::entry& what) {
  stores.edit_log([&](auto& txn, const auto& tables) {
    REQUIRE(txn.put(tables.entries, encode_key(what.id.index),
                    storage::log_codec::encode_entry(what, stores.who.log_uuid)));
  });
}

raft::entry entry_at(two_stores& stores, std::uint64_t index) {
  stores.close();
  stores.open_log();
  auto found =
      two_stores::value_of(stores.log->read(raft::log_index{index}, raft::log_index{index}, 1));
  stores.close();
  return found.front();
}

namespace {

constexpr std::uint64_t transaction_offset = 16 + 128; // mdb.c: MDB_meta::mm_txnid

} // namespace

std::uint64_t meta_transaction(const std::string& path, std::uint64_t page) {
  std::uint64_t number = 0;
  auto whole = two_stores::content(path);
  std::memcpy(&number, whole.data() + page * page_bytes + transaction_offset, sizeof number);
  return number;
}

void set_meta_transaction(const std::string& path, std::uint64_t page, std::uint64_t number) {
  std::string bytes(sizeof number, '\0');
  std::memcpy(bytes.data(), &number, sizeof number);
  overwrite(path, page * page_bytes + transaction_offset, bytes);
}

} // namespace tests
