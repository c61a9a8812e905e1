// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/bytes.hpp"

/// The page format of LMDB 0.9, data version 1, in the byte order of the machine (mdb.c:
/// MDB_page, MDB_node, MDB_db, MDB_meta). For those who must look at a file without
/// trusting it to LMDB.
namespace storage::lmdb_page {

inline constexpr std::uint32_t meta_magic = 0xBEEFC0DE;
inline constexpr std::uint32_t data_version = 1;
inline constexpr std::size_t page_head_bytes = 16;
inline constexpr std::size_t node_head_bytes = 8;
inline constexpr std::size_t tree_record_bytes = 48;
inline constexpr std::uint64_t no_page = ~std::uint64_t{0};
inline constexpr std::uint64_t meta_pages = 2;
inline constexpr std::uint64_t pages_max = std::uint64_t{1} << 48; // a branch has 48 bits for one
inline constexpr std::size_t depth_max = 32;                       // CURSOR_STACK

enum page_flag : std::uint16_t { branch = 0x01, leaf = 0x02, overflow = 0x04, meta = 0x08 };
/// Other flags of a page mean something in memory only; on the disk there are none.
enum node_flag : std::uint16_t { big_data = 0x01, sub_data = 0x02 };
enum tree_flag : std::uint16_t { integer_keys = 0x08 };
/// What of the environment's own flags may stand in the free list's record: MDB_NOSUBDIR.
inline constexpr int environment_flags = 0x4000;

/// A field of the native byte order at `offset`; the caller knows that it is inside.
template <class Integer>
Integer field(base::byte_view bytes, std::size_t offset) {
  Integer value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

struct tree_record {
  std::uint64_t branch_pages, leaf_pages, overflow_pages, entries, root;
  std::uint16_t depth;
  explicit tree_record(base::byte_view bytes)
    : branch_pages(field<std::uint64_t>(bytes, 8)), leaf_pages(field<std::uint64_t>(bytes, 16)),
      overflow_pages(field<std::uint64_t>(bytes, 24)), entries(field<std::uint64_t>(bytes, 32)),
      root(field<std::uint64_t>(bytes, 40)), depth(field<std::uint16_t>(bytes, 6)) {}
};

struct meta_record {
  std::uint64_t transaction, last_page;
  std::size_t page_bytes;
  base::bytes free_tree, main_tree;
};

} // namespace storage::lmdb_page
