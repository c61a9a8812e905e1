// SPDX-License-Identifier: Apache-2.0
#include "storage/lmdb_rows.hpp"

#include "base/check.hpp"

namespace storage {

namespace {

constexpr std::size_t node_bytes = 8;
constexpr std::size_t mark_bytes = 24;
static_assert(node_bytes + lmdb_chunk_bytes <= 511, "LMDB's key bound as Debian builds it");

base::bytes table_key(std::uint64_t node, std::string_view chunk) {
  base::bytes key;
  base::put_big(key, node);
  key += chunk;
  return key;
}

// The greatest node number holds no rows but the number of the newest node.
constexpr std::uint64_t counter_node = UINT64_MAX;

base::bytes encode_row(const lmdb_row& row) {
  base::bytes record;
  record.reserve(mark_bytes + digest_bytes + row.value.size());
  base::put_little(record, row.mark.create_revision.value);
  base::put_little(record, row.mark.mod_revision.value);
  base::put_little(record, row.mark.version);
  record += to_bytes(row.digest);
  record += row.value;
  return record;
}

base::result<lmdb_row> decode_row(base::byte_view record) {
  base::byte_reader in(record);
  lmdb_row row;
  row.mark.create_revision = revision{in.little<std::uint64_t>()};
  row.mark.mod_revision = revision{in.little<std::uint64_t>()};
  row.mark.version = in.little<std::uint64_t>();
  auto digest = digest_from_bytes(in.take(digest_bytes));
  if (!digest || !in.ok())
    return base::fail(base::errc::corrupt, "a row is shorter than its marks");
  row.digest = *digest;
  row.value = in.rest();
  return row;
}

} // namespace

base::result<lmdb_rows::node> lmdb_rows::child_of(base::byte_view record) const {
  base::byte_reader in(record);
  auto child = in.big<std::uint64_t>();
  if (!in.at_end() || child == 0 || child == counter_node)
    return base::fail(base::errc::corrupt, "a chunk of a long key leads nowhere");
  return child;
}

base::result<lmdb_rows::place> lmdb_rows::descend(std::string_view key) const {
  place at{0, key, true};
  while (at.rest.size() >= lmdb_chunk_bytes) {
    auto record = within_.get(table_, table_key(at.at, at.rest.substr(0, lmdb_chunk_bytes)));
    if (!record)
      return base::fail(record.error());
    if (!*record)
      return place{0, {}, false};
    auto child = child_of(**record);
    if (!child)
      return base::fail(child.error());
    at = {*child, at.rest.substr(lmdb_chunk_bytes), true};
  }
  return at;
}

base::result<lmdb_rows::place> lmdb_rows::descend_making_nodes(std::string_view key) {
  place at{0, key, true};
  while (at.rest.size() >= lmdb_chunk_bytes) {
    auto here = table_key(at.at, at.rest.substr(0, lmdb_chunk_bytes));
    auto record = within_.get(table_, here);
    if (!record)
      return base::fail(record.error());
    auto child = *record ? child_of(**record) : new_node();
    if (!child)
      return base::fail(child.error());
    if (!*record) {
      base::bytes number;
      base::put_big(number, *child);
      if (auto done = within_.put(table_, here, number); !done)
        return base::fail(done.error());
    }
    at = {*child, at.rest.substr(lmdb_chunk_bytes), true};
  }
  return at;
}

base::result<lmdb_rows::node> lmdb_rows::new_node() {
  auto record = within_.get(table_, table_key(counter_node, {}));
  if (!record)
    return base::fail(record.error());
  node next = 1;
  if (*record)
    next = base::byte_reader(**record).big<node>() + 1;
  base::bytes number;
  base::put_big(number, next);
  if (auto done = within_.put(table_, table_key(counter_node, {}), number); !done)
    return base::fail(done.error());
  return next;
}

base::result<std::optional<lmdb_row>> lmdb_rows::find(std::string_view key) const {
  auto at = descend(key);
  if (!at)
    return base::fail(at.error());
  if (!at->exists)
    return std::nullopt;
  auto record = within_.get(table_, table_key(at->at, at->rest));
  if (!record)
    return base::fail(record.error());
  if (!*record)
    return std::nullopt;
  auto row = decode_row(**record);
  if (!row)
    return base::fail(row.error());
  return *row;
}

base::status lmdb_rows::put(std::string_view key, const lmdb_row& row) {
  auto at = descend_making_nodes(key);
  if (!at)
    return base::fail(at.error());
  return within_.put(table_, table_key(at->at, at->rest), encode_row(row));
}

base::status lmdb_rows::erase(std::string_view key) {
  auto at = descend(key);
  if (!at)
    return base::fail(at.error());
  auto removed = within_.remove(table_, table_key(at->at, at->rest));
  if (!removed)
    return base::fail(removed.error());
  BASE_CHECK(*removed, "a row that is not there is removed");
  return key.size() < lmdb_chunk_bytes ? base::status{} : remove_if_empty(key);
}

/// Takes away the nodes on the way to `key` that hold nothing any more, deepest first.
base::status lmdb_rows::remove_if_empty(std::string_view key) {
  auto chunks = key.size() / lmdb_chunk_bytes;
  for (; chunks > 0; --chunks) {
    auto parent_key = key.substr(0, chunks * lmdb_chunk_bytes);
    auto child = descend(parent_key);
    if (!child)
      return base::fail(child.error());
    auto empty = is_empty(child->at);
    if (!empty)
      return base::fail(empty.error());
    if (!*empty)
      return {};
    auto chunk = parent_key.substr(parent_key.size() - lmdb_chunk_bytes);
    // Cut short, so that the way ends at the parent and not at the child.
    auto parent = descend(parent_key.substr(0, parent_key.size() - 1));
    if (!parent)
      return base::fail(parent.error());
    if (auto removed = within_.remove(table_, table_key(parent->at, chunk)); !removed)
      return base::fail(removed.error());
  }
  return {};
}

base::result<bool> lmdb_rows::is_empty(node at) const {
  auto cursor = lmdb_cursor::open(within_, table_);
  if (!cursor)
    return base::fail(cursor.error());
  auto item = cursor->at_or_after(table_key(at, {}));
  if (!item)
    return base::fail(item.error());
  return !*item || base::byte_reader((*item)->key).big<node>() != at;
}

base::status lmdb_rows::for_each(std::string_view low, const visitor& visit) const {
  auto done = walk(0, {}, low, visit);
  if (!done)
    return base::fail(done.error());
  return {};
}

/// Visits what lies below a node, from `low` (relative to it) on. Its depth is bounded by
/// the length of a key.
base::result<bool> lmdb_rows::walk(node at, const std::string& prefix, std::string_view low,
                                   const visitor& visit) const {
  BASE_CHECK(prefix.size() <= 64 * lmdb_chunk_bytes, "the nodes of long keys form a circle");
  auto cursor = lmdb_cursor::open(within_, table_);
  if (!cursor)
    return base::fail(cursor.error());
  auto item = cursor->at_or_after(table_key(at, low.substr(0, lmdb_chunk_bytes)));
  for (; item && *item; item = cursor->next()) {
    if (base::byte_reader((*item)->key).big<node>() != at)
      return true;
    auto goes_on = visit_item(**item, prefix, low, visit);
    if (!goes_on || !*goes_on)
      return goes_on;
  }
  if (!item)
    return base::fail(item.error());
  return true;
}

base::result<bool> lmdb_rows::visit_item(const lmdb_item& item, const std::string& prefix,
                                         std::string_view low, const visitor& visit) const {
  auto chunk = item.key.substr(node_bytes);
  auto key = prefix + std::string(chunk);
  if (chunk.size() < lmdb_chunk_bytes) {
    auto row = decode_row(item.value);
    if (!row)
      return base::fail(row.error().within(key.substr(0, 100)));
    return visit(key, *row);
  }
  auto child = child_of(item.value);
  if (!child)
    return base::fail(child.error());
  bool is_on_the_way = low.size() >= lmdb_chunk_bytes && low.substr(0, lmdb_chunk_bytes) == chunk;
  return walk(*child, key, is_on_the_way ? low.substr(lmdb_chunk_bytes) : "", visit);
}

} // namespace storage
