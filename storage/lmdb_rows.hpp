// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "storage/digest.hpp"
#include "storage/lmdb_transaction.hpp"

/// Rows in an LMDB table. LMDB's keys end at 511 bytes and ours at 1024, so a key is laid
/// down in chunks: a table key is (node, chunk), where a chunk of full length leads to
/// another node and a shorter one is a row. Byte order over the chunks is byte order over
/// the keys, and no key is a burden to another (docs/on_disk.md).
namespace storage {

inline constexpr std::size_t lmdb_chunk_bytes = 500;

/// A row as it stands in the table. The view lives as LMDB's do.
struct lmdb_row {
  row_mark mark;
  state_digest digest;
  base::byte_view value;
};

class lmdb_rows {
public:
  lmdb_rows(lmdb_transaction& within, lmdb_table table) : within_(within), table_(table) {}

  base::result<std::optional<lmdb_row>> find(std::string_view key) const;
  /// Inserts or replaces. Requires: a write transaction, as for `erase`.
  base::status put(std::string_view key, const lmdb_row& row);
  /// Requires: the key is there.
  base::status erase(std::string_view key);

  /// Called for each row in byte order of the keys; false ends the walk.
  using visitor = std::function<base::result<bool>(std::string_view key, const lmdb_row& row)>;
  /// Visits the rows with keys from `low` on. Errors: `corrupt`; the visitor's.
  base::status for_each(std::string_view low, const visitor& visit) const;

private:
  using node = std::uint64_t;
  struct place {
    node at = 0;
    std::string_view rest; ///< of the key; shorter than a chunk
    bool exists = true;    ///< the nodes on the way do
  };

  base::result<place> descend(std::string_view key) const;
  base::result<place> descend_making_nodes(std::string_view key);
  base::result<node> child_of(base::byte_view record) const;
  base::result<node> new_node();
  base::result<bool> walk(node at, const std::string& prefix, std::string_view low,
                          const visitor& visit) const;
  base::result<bool> visit_item(const lmdb_item& item, const std::string& prefix,
                                std::string_view low, const visitor& visit) const;
  base::result<bool> is_empty(node at) const;
  base::status remove_if_empty(std::string_view key);

  lmdb_transaction& within_;
  lmdb_table table_;
};

} // namespace storage
