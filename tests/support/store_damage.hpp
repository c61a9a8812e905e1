// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "tests/support/two_stores.hpp"

/// What strangers, devices and tired operators do to the files of a stopped node.
namespace tests {

inline constexpr std::size_t page_bytes = 4096; ///< of both stores' files

/// A session of the `sqlite3` command: on a database in WAL mode it checkpoints at its end
/// and removes the WAL.
void run_sql(const std::string& path, const std::string& sql);
/// The first column of the first row.
std::string query_sql(const std::string& path, const std::string& sql);

void flip_bit(const std::string& path, std::uint64_t byte, unsigned bit);
void overwrite(const std::string& path, std::uint64_t offset, const std::string& bytes);
void zero_page(const std::string& path, std::uint64_t page);
void swap_pages(const std::string& path, std::uint64_t one, std::uint64_t other);
void set_size(const std::string& path, std::uint64_t bytes);

/// The page on which `text` first stands in the file.
std::uint64_t page_of(const std::string& path, const std::string& text);

/// Everything the state machine's file records beside its rows.
struct recorded_values {
  storage::identity identity;
  storage::state_meta meta;
  storage::log_watermark watermark;
};
/// Changes it, and seals it again as the node does.
void forge(two_stores& stores, const std::function<void(recorded_values&)>& change);

/// `mdb_copy`, as a stopped node's operator runs it, in place of the log. MDB_CP_COMPACT leaves
/// out free pages.
void copy_log(two_stores& stores, unsigned int flags);

/// Changes the log's marks, sealed again.
void set_hard_state(two_stores& stores, std::uint64_t term, std::uint64_t vote,
                    std::uint64_t commit);
void set_checkpoints(two_stores& stores, std::uint64_t started, std::uint64_t completed);
/// Puts an entry in the place of the one with its index, encoded and sealed as ours are.
void put_entry(two_stores& stores, const raft::entry& what);
raft::entry entry_at(two_stores& stores, std::uint64_t index);

/// The transaction numbers of LMDB's two meta pages.
std::uint64_t meta_transaction(const std::string& path, std::uint64_t page);
void set_meta_transaction(const std::string& path, std::uint64_t page, std::uint64_t number);

} // namespace tests
