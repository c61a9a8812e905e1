// SPDX-License-Identifier: Apache-2.0
// What can be wrong with the log's file alone.
#include <lmdb.h>

#include <cstring>

#include "storage/log_codec.hpp"
#include "tests/unit/storage/planted_state.hpp"

namespace tests {

namespace {

using raft::log_index;
using storage::log_codec::encode_key;
constexpr auto refuse = storage::verdict::refuse;
namespace mark = storage::log_codec::mark;

planted_state by_edit(
    const char* name, const char* rule,
    std::function<void(storage::lmdb_transaction&, const storage::log_tables&)> change) {
  return {name, refuse, rule, [change](two_stores& stores) { stores.edit_log(change); }};
}

planted_state by_bytes(const char* name, const char* rule,
                       std::function<void(const std::string&)> change) {
  return {name, refuse, rule, [change](two_stores& stores) { change(stores.log_path()); }};
}

/// Where every page is in use.
planted_state by_bytes_of_copy(const char* name, const char* rule,
                               std::function<void(const std::string&)> change) {
  return {name, refuse, rule, [change](two_stores& stores) {
            copy_log(stores, MDB_CP_COMPACT);
            change(stores.log_path());
          }};
}

planted_state by_marks(const char* name, const char* rule,
                       std::function<void(two_stores&)> change) {
  return {name, refuse, rule, std::move(change)};
}

std::string record_of(storage::lmdb_transaction& txn, storage::lmdb_table table,
                      std::string_view key) {
  return std::string(*two_stores::value_of(txn.get(table, key)));
}

/// Which of both meta pages LMDB goes by.
std::uint64_t newest_meta(const std::string& path) {
  return meta_transaction(path, 0) > meta_transaction(path, 1) ? 0 : 1;
}

/// The page that the newest meta page names as the root of the tables' tree.
std::uint64_t root_page(const std::string& path) {
  std::uint64_t root = 0;
  auto whole = two_stores::content(path);
  constexpr std::size_t main_root = 16 + 24 + 48 + 40; // mdb.c: MDB_meta::mm_dbs[1].md_root
  std::memcpy(&root, whole.data() + newest_meta(path) * page_bytes + main_root, sizeof root);
  return root;
}

std::vector<planted_state> damaged_files() {
  return {
      by_bytes("the log is empty", "INV-73", [](auto& path) { set_size(path, 0); }),
      by_bytes("the log ends within its meta pages", "INV-73",
               [](auto& path) { set_size(path, 5000); }),
      by_bytes("the log ends after its meta pages", "INV-73",
               [](auto& path) { set_size(path, 2 * page_bytes); }),
      by_bytes("the log is cut in half", "INV-73",
               [](auto& path) { set_size(path, two_stores::content(path).size() / 2); }),
      by_bytes("the log is a text", "INV-73",
               [](auto& path) { overwrite(path, 0, std::string(200, 'x')); }),
      by_bytes("the log's first page is zero", "INV-73", [](auto& path) { zero_page(path, 0); }),
      by_bytes("the log's second page is zero", "INV-73", [](auto& path) { zero_page(path, 1); }),
      by_bytes("the root of the log's tables is zero", "INV-73",
               [](auto& path) { zero_page(path, root_page(path)); }),
      by_bytes_of_copy("a page of entries is zero", "INV-73",
                       [](auto& path) { zero_page(path, page_of(path, std::string(200, 'v'))); }),
      by_bytes("two of the log's pages changed places", "INV-73",
               [](auto& path) { swap_pages(path, root_page(path), 3); }),
      by_bytes("the meta pages changed places", "INV-73",
               [](auto& path) { swap_pages(path, 0, 1); }),
      by_bytes("the newest meta page is written as older by two", "INV-86",
               [](auto& path) {
                 auto newest = newest_meta(path);
                 set_meta_transaction(path, newest, meta_transaction(path, newest) - 2);
               }),
      by_bytes("the older meta page has the greater number", "INV-86",
               [](auto& path) {
                 auto older = 1 - newest_meta(path);
                 set_meta_transaction(path, older, meta_transaction(path, older) + 1024);
               }),
      by_bytes("the older meta page has the number of the other's turn", "INV-73",
               [](auto& path) {
                 auto older = 1 - newest_meta(path);
                 set_meta_transaction(path, older, meta_transaction(path, older) + 7);
               }),
      by_bytes("a transaction of the log went back by a copied meta page", "INV-73",
               [](auto& path) {
                 auto whole = two_stores::content(path);
                 auto newest = newest_meta(path);
                 overwrite(path, newest * page_bytes,
                           whole.substr((1 - newest) * page_bytes, page_bytes));
               }),
      by_bytes("the log's file has another format of LMDB", "INV-72",
               [](auto& path) { overwrite(path, 20, std::string("\7\0\0\0", 4)); }),
      by_bytes_of_copy("an entry has a flipped bit", "INV-32",
                       [](auto& path) {
                         flip_bit(path, two_stores::content(path).rfind(std::string(200, 'v')) + 9,
                                  1);
                       }),
  };
}

std::vector<planted_state> edited_entries() {
  return {
      by_edit("an entry has another byte", "INV-32",
              [](auto& txn, const auto& tables) {
                auto record = record_of(txn, tables.entries, encode_key(log_index{20}));
                record[40] = static_cast<char>(record[40] ^ 1);
                REQUIRE(txn.put(tables.entries, encode_key(log_index{20}), record));
              }),
      by_edit("an entry is of the next format", "INV-32",
              [](auto& txn, const auto& tables) {
                auto record = record_of(txn, tables.entries, encode_key(log_index{20}));
                record[0] = 2;
                REQUIRE(txn.put(tables.entries, encode_key(log_index{20}), record));
              }),
      by_edit("an entry is missing", "INV-33",
              [](auto& txn, const auto& tables) {
                REQUIRE(txn.remove(tables.entries, encode_key(log_index{20})));
              }),
      by_edit("the first entry is missing", "INV-33",
              [](auto& txn, const auto& tables) {
                REQUIRE(txn.remove(tables.entries, encode_key(log_index{1})));
              }),
      by_edit("the last entry is missing", "INV-36",
              [](auto& txn, const auto& tables) {
                REQUIRE(txn.remove(tables.entries, encode_key(log_index{39})));
              }),
      by_edit("all entries are missing", "INV-36",
              [](auto& txn, const auto& tables) { REQUIRE(txn.clear(tables.entries)); }),
      by_edit("an entry stands in the place of another", "INV-32",
              [](auto& txn, const auto& tables) {
                auto record = record_of(txn, tables.entries, encode_key(log_index{20}));
                REQUIRE(txn.put(tables.entries, encode_key(log_index{21}), record));
              }),
      by_edit("an entry stands beyond the end", "INV-33",
              [](auto& txn, const auto& tables) {
                auto record = record_of(txn, tables.entries, encode_key(log_index{39}));
                REQUIRE(txn.put(tables.entries, encode_key(log_index{50}), record));
              }),
      by_edit("a key is no index", "INV-33",
              [](auto& txn, const auto& tables) { REQUIRE(txn.put(tables.entries, "x", "y")); }),
      by_marks("an entry of another log", "INV-32",
               [](auto& stores) {
                 auto entry = entry_at(stores, 20);
                 auto own = stores.who.log_uuid;
                 stores.who.log_uuid = base::uuid_from_name("another");
                 put_entry(stores, entry);
                 stores.who.log_uuid = own;
               }),
      by_marks("an entry with another payload, sealed", "INV-34",
               [](auto& stores) {
                 auto entry = entry_at(stores, 20);
                 entry.payload = raft::payload(entry_at(stores, 21).payload.bytes());
                 put_entry(stores, entry);
               }),
      by_marks("an entry with another chain, sealed", "INV-34",
               [](auto& stores) {
                 auto entry = entry_at(stores, 20);
                 ++entry.chain.low;
                 put_entry(stores, entry);
               }),
      by_marks("an entry of an earlier term, sealed", "INV-35",
               [](auto& stores) {
                 auto entry = entry_at(stores, 20);
                 entry.id.term = raft::term{0};
                 put_entry(stores, entry);
               }),
      by_marks("the last entry is of a term that has not begun", "INV-35",
               [](auto& stores) {
                 auto entry = entry_at(stores, 39);
                 entry.id.term = raft::term{5};
                 put_entry(stores, entry);
               }),
  };
}

std::vector<planted_state> edited_marks() {
  auto without = [](std::string_view name) {
    return [name](storage::lmdb_transaction& txn, const storage::log_tables& tables) {
      REQUIRE(txn.remove(tables.marks, name));
    };
  };
  return {
      by_edit("the hard state is missing", "INV-73", without(mark::hard_state)),
      by_edit("the identity is missing", "INV-73", without(mark::identity)),
      by_edit("the snapshot point is missing", "INV-73", without(mark::snapshot_point)),
      by_edit("the write counter is missing", "INV-73", without(mark::write_counter)),
      by_edit("the format is missing", "INV-73", without(mark::format)),
      by_edit("the hard state has another byte", "INV-73",
              [](auto& txn, const auto& tables) {
                auto record = record_of(txn, tables.marks, mark::hard_state);
                record[3] = static_cast<char>(record[3] ^ 4);
                REQUIRE(txn.put(tables.marks, mark::hard_state, record));
              }),
      by_edit("one mark stands in the place of another", "INV-73",
              [](auto& txn, const auto& tables) {
                auto record = record_of(txn, tables.marks, mark::write_counter);
                REQUIRE(txn.put(tables.marks, mark::checkpoints, record));
              }),
      by_edit("there is a mark of another name", "INV-73",
              [](auto& txn, const auto& tables) {
                REQUIRE(txn.put(tables.marks, "pending_instalm", "something"));
              }),
      by_edit("the log has a future format", "INV-72",
              [](auto& txn, const auto& tables) {
                REQUIRE(storage::put_log_mark(txn, tables, mark::format, std::uint64_t{2}, {}));
              }),
      by_edit("the identity is another server's", "INV-71",
              [](auto& txn, const auto& tables) {
                auto marks = two_stores::value_of(storage::load_log_marks(txn, tables));
                marks.identity.server = raft::server_id{2};
                REQUIRE(storage::put_log_mark(txn, tables, mark::identity, marks.identity, {}));
              }),
      by_marks("the commit index lies beyond the last entry", "INV-36",
               [](auto& stores) { set_hard_state(stores, 1, 1, 41); }),
      by_marks("the commit index went back", "INV-75",
               [](auto& stores) { set_hard_state(stores, 1, 1, 38); }),
      by_marks("the current term went back", "INV-35",
               [](auto& stores) { set_hard_state(stores, 0, 0, 39); }),
      by_marks("a vote in a term that never began", "INV-85",
               [](auto& stores) { set_hard_state(stores, 0, 1, 39); }),
      by_marks("the checkpoint is ahead of what is committed", "INV-41",
               [](auto& stores) { set_checkpoints(stores, 50, 31); }),
      by_marks("a checkpoint completed that did not start", "INV-41",
               [](auto& stores) { set_checkpoints(stores, 31, 39); }),
      by_marks("the log was compacted beyond its checkpoint", "INV-40",
               [](auto& stores) {
                 stores.open();
                 stores.compact();
                 set_checkpoints(stores, 31, 5);
               }),
      by_marks("the commit index lies before the snapshot point", "INV-36",
               [](auto& stores) {
                 stores.open();
                 stores.compact();
                 set_hard_state(stores, 1, 1, 5);
               }),
  };
}

} // namespace

std::vector<planted_state> bad_logs() {
  std::vector<planted_state> all;
  for (const auto& some : {damaged_files(), edited_entries(), edited_marks()})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

} // namespace tests
