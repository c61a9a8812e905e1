// SPDX-License-Identifier: Apache-2.0
#include "storage/lmdb_structure.hpp"

#include <algorithm>
#include <functional>

#include "storage/lmdb_page_file.hpp"

namespace storage {

namespace {

using namespace lmdb_page;

constexpr std::size_t faults_max = 8;

struct tree_counts {
  std::uint64_t branch_pages = 0, leaf_pages = 0, overflow_pages = 0, entries = 0;
};

enum class key_order { bytes, integers };

/// What a walk found, and whether all of it could be read.
struct walk_result {
  lmdb_structure found;
  std::optional<base::bytes> item;
  std::optional<base::error> failure;
};

/// A pass over the trees of one meta page. Ends at the first read error; collects faults
/// otherwise.
class structure_walk {
public:
  structure_walk(const lmdb_page_file& file, const std::optional<lmdb_item_name>& wanted)
    : file_(file), wanted_(wanted) {
    found_.file_bytes = file.size();
  }

  walk_result run(const meta_record& meta) {
    walk_from(meta);
    return {std::move(found_), std::move(item_), std::move(failure_)};
  }

private:
  void fault(std::string text) {
    if (found_.faults.size() < faults_max)
      found_.faults.push_back(std::move(text));
  }

  /// False, with a fault or the failure noted, unless all bytes were there.
  bool read_at(std::uint64_t offset, std::size_t count, base::bytes& out, const char* what) {
    auto read = file_.read_at(offset, count, out, what);
    if (!read)
      failure_ = read.error();
    else if (*read)
      fault(**read);
    return read && !*read;
  }

  void walk_from(const meta_record& newest) {
    page_bytes_ = newest.page_bytes;
    last_page_ = newest.last_page;
    // Pages at the end may be free and never written, so the file may be shorter than
    // this; a page number beyond what the file could ever hold is nonsense.
    auto file_pages = found_.file_bytes / page_bytes_;
    if (last_page_ >= pages_max)
      return fault("the meta page states a last page " + std::to_string(last_page_));
    reached_.assign(std::min(last_page_ + 1, file_pages), false);
    free_ = reached_;
    check_record(newest.main_tree, tree_kind::plain, "main");
    check_record(newest.free_tree, tree_kind::free_list, "free list");
    walk_tree(tree_record(newest.main_tree), key_order::bytes, "main",
              [this](auto key, auto flags, auto value) { walk_table(key, flags, value); });
    found_.pages_used += meta_pages;
    walk_tree(tree_record(newest.free_tree), key_order::integers, "free list",
              [this](auto, auto, auto value) { take_free_list(value); });
  }

  void walk_table(base::byte_view name, std::uint16_t flags, base::byte_view record) {
    if (flags != node_flag::sub_data || record.size() != tree_record_bytes)
      return fault("item " + std::string(name) + " of the main tree is no table");
    check_record(record, tree_kind::plain, "table " + std::string(name));
    visitor look;
    if (wanted_ && wanted_->table == name)
      look = [this](auto key, auto, auto value) {
        if (key == wanted_->key)
          item_ = base::bytes(value);
      };
    walk_tree(tree_record(record), key_order::bytes, "table " + std::string(name), look);
  }

  enum class tree_kind { plain, free_list };

  /// Flags change the order in which LMDB looks for keys: ours have none. The environment
  /// keeps its page size and its own flags in the free list's record.
  void check_record(base::byte_view record, tree_kind kind, const std::string& name) {
    auto pad = field<std::uint32_t>(record, 0);
    auto flags = field<std::uint16_t>(record, 4);
    bool is_plain = kind == tree_kind::plain && pad == 0 && flags == 0;
    bool is_free_list =
        kind == tree_kind::free_list && (flags & ~environment_flags) == tree_flag::integer_keys;
    if (!is_plain && !is_free_list)
      fault(name + ": flags " + std::to_string(flags) + " and padding " + std::to_string(pad));
  }

  using visitor =
      std::function<void(base::byte_view key, std::uint16_t flags, base::byte_view value)>;

  void walk_tree(const tree_record& tree, key_order order, const std::string& name,
                 const visitor& visit) {
    tree_counts counts;
    base::bytes last_key;
    bool has_last = false;
    if (tree.root != no_page) {
      if (tree.depth == 0 || tree.depth > depth_max)
        return fault(name + ": a depth of " + std::to_string(tree.depth));
      tree_walk walk{order, name, visit, counts, last_key, has_last, std::nullopt};
      walk_page(tree.root, tree.depth, walk);
    }
    if (!found_.faults.empty() || failure_)
      return;
    if (counts.branch_pages != tree.branch_pages || counts.leaf_pages != tree.leaf_pages
        || counts.overflow_pages != tree.overflow_pages || counts.entries != tree.entries)
      fault(name + ": " + std::to_string(counts.entries) + " entries on "
            + std::to_string(counts.leaf_pages) + " pages found, " + std::to_string(tree.entries)
            + " on " + std::to_string(tree.leaf_pages) + " recorded");
  }

  /// What the visit of one tree carries along.
  struct tree_walk {
    key_order order;
    const std::string& name;
    const visitor& visit;
    tree_counts& counts;
    base::bytes& last_key;
    bool& has_last;
    std::optional<base::bytes> separator; ///< of the branch; no key that follows is smaller
  };

  /// Marks `count` pages as used. False, with a fault, when one is out of bounds or used.
  bool reach(std::uint64_t number, std::uint64_t count, const std::string& name) {
    if (number < meta_pages || number > last_page_ || count > last_page_ + 1 - number
        || number + count > reached_.size()) {
      fault(name + ": page " + std::to_string(number) + " lies beyond the end ("
            + std::to_string(reached_.size()) + " pages)");
      return false;
    }
    for (auto page = number; page < number + count; ++page) {
      if (reached_[page] || free_[page]) {
        fault(name + ": page " + std::to_string(page)
              + (free_[page] ? " is in use and listed as free" : " is used twice"));
        return false;
      }
      reached_[page] = true;
    }
    found_.pages_used += count;
    return true;
  }

  void walk_page(std::uint64_t number, std::size_t depth, tree_walk& walk) {
    base::bytes page;
    if (!found_.faults.empty() || failure_ || !reach(number, 1, walk.name)
        || !read_at(number * page_bytes_, page_bytes_, page, "a page"))
      return;
    auto expected = depth > 1 ? page_flag::branch : page_flag::leaf;
    auto flags = field<std::uint16_t>(page, 10);
    if (field<std::uint64_t>(page, 0) != number || flags != expected)
      return fault(walk.name + ": page " + std::to_string(number) + " says it is page "
                   + std::to_string(field<std::uint64_t>(page, 0)) + " of kind "
                   + std::to_string(flags));
    std::size_t lower = field<std::uint16_t>(page, 12);
    std::size_t upper = field<std::uint16_t>(page, 14);
    if (lower <= page_head_bytes || lower > upper || upper > page_bytes_ || lower % 2 != 0)
      return fault(walk.name + ": page " + std::to_string(number) + " has bounds "
                   + std::to_string(lower) + " and " + std::to_string(upper));
    ++(depth > 1 ? walk.counts.branch_pages : walk.counts.leaf_pages);
    for (std::size_t slot = page_head_bytes; slot < lower; slot += sizeof(std::uint16_t)) {
      std::size_t offset = field<std::uint16_t>(page, slot);
      if (offset < upper || offset + node_head_bytes > page_bytes_)
        return fault(walk.name + ": page " + std::to_string(number) + " points outside itself");
      walk_node(base::byte_view(page).substr(offset), number, depth, slot == page_head_bytes, walk);
    }
  }

  void walk_node(base::byte_view node, std::uint64_t page, std::size_t depth, bool is_first,
                 tree_walk& walk) {
    auto low = std::uint64_t{field<std::uint16_t>(node, 0)};
    auto high = std::uint64_t{field<std::uint16_t>(node, 2)};
    auto flags = field<std::uint16_t>(node, 4);
    std::size_t key_bytes = field<std::uint16_t>(node, 6);
    auto size = low | high << 16;
    bool is_big = depth == 1 && (flags & node_flag::big_data) != 0;
    std::size_t inline_bytes = depth > 1 ? 0 : is_big ? sizeof(std::uint64_t) : size;
    if (node_head_bytes + key_bytes + inline_bytes > node.size())
      return fault(walk.name + ": page " + std::to_string(page) + " holds an item of "
                   + std::to_string(key_bytes) + " and " + std::to_string(inline_bytes)
                   + " bytes that does not fit");
    auto key = node.substr(node_head_bytes, key_bytes);
    if (depth > 1) {
      if (!is_first) // LMDB never looks at the first
        check_separator(key, page, walk);
      return walk_page(size | std::uint64_t{flags} << 32, depth - 1, walk);
    }
    if ((flags & ~(node_flag::big_data | node_flag::sub_data)) != 0)
      return fault(walk.name + ": page " + std::to_string(page) + " holds an item with flags "
                   + std::to_string(flags));
    check_order(key, page, walk);
    ++walk.counts.entries;
    auto value = node.substr(node_head_bytes + key_bytes, inline_bytes);
    base::bytes pages;
    if (is_big && !read_big(field<std::uint64_t>(value, 0), size, pages, walk))
      return;
    if (walk.visit && !failure_)
      walk.visit(key, flags, is_big ? base::byte_view(pages) : value);
  }

  bool read_big(std::uint64_t number, std::uint64_t size, base::bytes& out, tree_walk& walk) {
    base::bytes head;
    if (number > last_page_)
      return reach(number, 1, walk.name); // says so
    if (!read_at(number * page_bytes_, page_head_bytes, head, "an overflow page"))
      return false;
    std::uint64_t count = field<std::uint32_t>(head, 12);
    if (field<std::uint64_t>(head, 0) != number
        || field<std::uint16_t>(head, 10) != page_flag::overflow
        || count * page_bytes_ < page_head_bytes + size) {
      fault(walk.name + ": page " + std::to_string(number) + " holds no value of "
            + std::to_string(size) + " bytes");
      return false;
    }
    if (!reach(number, count, walk.name))
      return false;
    walk.counts.overflow_pages += count;
    return !walk.visit
           || read_at(number * page_bytes_ + page_head_bytes, size, out, "an overflow page");
  }

  static bool is_before(base::byte_view left, base::byte_view right, key_order order) {
    return order == key_order::bytes
               ? left < right
               : field<std::uint64_t>(left, 0) < field<std::uint64_t>(right, 0);
  }

  bool has_key_size(base::byte_view key, const tree_walk& walk) {
    if (walk.order == key_order::bytes || key.size() == sizeof(std::uint64_t))
      return true;
    fault(walk.name + ": a key of " + std::to_string(key.size()) + " bytes");
    return false;
  }

  /// What stands to the left is smaller: a search turns left or right by it.
  void check_separator(base::byte_view key, std::uint64_t page, tree_walk& walk) {
    if (!found_.faults.empty() || !has_key_size(key, walk))
      return;
    if (walk.has_last && !is_before(walk.last_key, key, walk.order))
      return fault(walk.name + ": branch page " + std::to_string(page)
                   + " leads past a key on its left");
    walk.separator = base::bytes(key);
  }

  void check_order(base::byte_view key, std::uint64_t page, tree_walk& walk) {
    if (!has_key_size(key, walk))
      return;
    bool ascends = !walk.has_last || is_before(walk.last_key, key, walk.order);
    if (!ascends || (walk.separator && is_before(key, *walk.separator, walk.order)))
      fault(walk.name + ": the keys on page " + std::to_string(page) + " are out of order");
    walk.separator.reset();
    walk.last_key = key;
    walk.has_last = true;
  }

  /// A count, then that many page numbers (mdb.c: MDB_IDL).
  void take_free_list(base::byte_view list) {
    auto words = list.size() / sizeof(std::uint64_t);
    auto count = words == 0 ? 0 : field<std::uint64_t>(list, 0);
    if (words == 0 || count > words - 1)
      return fault("free list: a list of " + std::to_string(count) + " pages in "
                   + std::to_string(list.size()) + " bytes");
    for (std::uint64_t i = 1; i <= count; ++i) {
      auto page = field<std::uint64_t>(list, i * sizeof(std::uint64_t));
      if (i > 1 && page >= field<std::uint64_t>(list, (i - 1) * sizeof(std::uint64_t)))
        return fault("free list: page " + std::to_string(page) + " stands out of order");
      if (page < meta_pages || page > last_page_)
        return fault("free list: page " + std::to_string(page) + " lies beyond the end");
      if (page >= free_.size())
        continue; // at the end of the file, and never written
      if (reached_[page] || free_[page])
        return fault("page " + std::to_string(page) + " is listed as free, and "
                     + (free_[page] ? "listed again" : "in use"));
      free_[page] = true;
    }
    found_.pages_free += count;
  }

  const lmdb_page_file& file_;
  const std::optional<lmdb_item_name>& wanted_;
  std::size_t page_bytes_ = 0;
  std::uint64_t last_page_ = 0;
  std::vector<bool> reached_; ///< by page: in use by a tree
  std::vector<bool> free_;    ///< by page: in the free list
  lmdb_structure found_;
  std::optional<base::bytes> item_;
  std::optional<base::error> failure_;
};

} // namespace

base::result<lmdb_structure> check_lmdb_structure(const std::string& path,
                                                  const std::optional<lmdb_item_name>& wanted) {
  auto file = lmdb_page_file::open(path);
  if (!file)
    return base::fail(file.error());
  lmdb_structure nothing_walked;
  nothing_walked.file_bytes = file->size();
  auto metas = file->read_metas(nothing_walked.faults);
  if (!metas)
    return base::fail(metas.error());
  if (!*metas)
    return nothing_walked;
  auto newest = structure_walk(*file, wanted).run((*metas)->newest);
  if (newest.failure)
    return base::fail(*newest.failure);
  // Damage of what only the older one reaches means nothing: its pages may be free.
  if (wanted && newest.found.faults.empty())
    newest.found.older_item = structure_walk(*file, wanted).run((*metas)->older).item;
  return std::move(newest.found);
}

} // namespace storage
