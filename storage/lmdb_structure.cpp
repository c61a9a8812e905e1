// SPDX-License-Identifier: Apache-2.0
#include "storage/lmdb_structure.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <optional>

#include "storage/files.hpp"
#include "storage/lmdb_page_format.hpp"
#include "storage/system_error.hpp"

namespace storage {

using base::errc;

namespace {

using namespace lmdb_page;

constexpr std::size_t faults_max = 8;

struct tree_counts {
  std::uint64_t branch_pages = 0, leaf_pages = 0, overflow_pages = 0, entries = 0;
};

enum class key_order { bytes, integers };

/// A pass over one file. Ends at the first read error; collects faults otherwise.
class structure_walk {
public:
  explicit structure_walk(const std::string& path) : path_(path) {}
  ~structure_walk() {
    if (file_ >= 0)
      ::close(file_);
  }
  structure_walk(const structure_walk&) = delete;
  structure_walk& operator=(const structure_walk&) = delete;

  base::result<lmdb_structure> run() {
    if (auto opened = open(); !opened)
      return base::fail(opened.error());
    auto newest = read_metas();
    if (!newest)
      return base::fail(newest.error());
    if (*newest)
      walk_from(**newest);
    if (failure_)
      return base::fail(*failure_);
    return found_;
  }

private:
  base::status open() {
    if (auto readable = read_through(path_); !readable)
      return readable;
    file_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat facts{};
    if (file_ < 0 || ::fstat(file_, &facts) != 0)
      return base::fail(system_error(errno, "open " + path_));
    found_.file_bytes = static_cast<std::uint64_t>(facts.st_size);
    return {};
  }

  void fault(std::string text) {
    if (found_.faults.size() < faults_max)
      found_.faults.push_back(std::move(text));
  }

  /// False, with a fault or the failure noted, unless all bytes were there.
  bool read_at(std::uint64_t offset, std::size_t count, base::bytes& out, const char* what) {
    if (offset + count > found_.file_bytes) {
      fault(std::string(what) + " at byte " + std::to_string(offset)
            + " lies beyond the end of the file, which has " + std::to_string(found_.file_bytes)
            + " bytes");
      return false;
    }
    out.resize(count);
    for (std::size_t done = 0; done < count;) {
      auto got = ::pread(file_, out.data() + done, count - done, static_cast<off_t>(offset + done));
      if (got <= 0 && !(got < 0 && errno == EINTR)) {
        failure_ = system_error(got == 0 ? EIO : errno, "read " + path_);
        return false;
      }
      done += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    }
    return true;
  }

  /// The newer of the two meta pages; nothing, with faults, when they are unusable.
  base::result<std::optional<meta_record>> read_metas() {
    std::optional<meta_record> newest;
    std::size_t page_bytes = 0;
    for (std::uint64_t number = 0; number < meta_pages; ++number) {
      base::bytes page;
      constexpr std::size_t meta_bytes = page_head_bytes + 136;
      if (!read_at(number * page_bytes, meta_bytes, page, "a meta page"))
        return std::optional<meta_record>{};
      auto one = read_meta(page, number);
      if (!one)
        return base::fail(one.error());
      if (!*one)
        return std::optional<meta_record>{};
      page_bytes = (*one)->page_bytes;
      if (!newest || newest->transaction < (*one)->transaction)
        newest = std::move(**one);
    }
    return newest;
  }

  base::result<std::optional<meta_record>> read_meta(base::byte_view page, std::uint64_t number) {
    auto bytes = page.substr(page_head_bytes);
    auto version = field<std::uint32_t>(bytes, 4);
    if (field<std::uint32_t>(bytes, 0) != meta_magic
        || (field<std::uint16_t>(page, 10) & page_flag::meta) == 0) {
      fault("page " + std::to_string(number) + " is no meta page of LMDB");
      return std::optional<meta_record>{};
    }
    if (version != data_version)
      return base::fail(errc::incompatible, path_ + ": LMDB data version " + std::to_string(version)
                                                + " found, this program knows "
                                                + std::to_string(data_version));
    meta_record one{field<std::uint64_t>(bytes, 128), field<std::uint64_t>(bytes, 120),
                    field<std::uint32_t>(bytes, 24),
                    base::bytes(bytes.substr(24, tree_record_bytes)),
                    base::bytes(bytes.substr(24 + tree_record_bytes, tree_record_bytes))};
    auto size = one.page_bytes;
    if (size < 512 || size > 65536 || (size & (size - 1)) != 0) {
      fault("meta page " + std::to_string(number) + " states a page size of "
            + std::to_string(size));
      return std::optional<meta_record>{};
    }
    return std::optional(std::move(one));
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
    walk_tree(tree_record(newest.main_tree), key_order::bytes, "main",
              [this](auto key, auto flags, auto value) {
                if ((flags & node_flag::sub_data) == 0)
                  return;
                if (value.size() != tree_record_bytes)
                  return fault("table " + std::string(key) + " has a record of "
                               + std::to_string(value.size()) + " bytes");
                walk_tree(tree_record(value), key_order::bytes, "table " + std::string(key), {});
              });
    found_.pages_used += meta_pages;
    walk_tree(tree_record(newest.free_tree), key_order::integers, "free list",
              [this](auto, auto, auto value) { take_free_list(value); });
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
      tree_walk walk{order, name, visit, counts, last_key, has_last};
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
    auto flags = field<std::uint16_t>(page, 10) & kind_mask;
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
      walk_node(base::byte_view(page).substr(offset), number, depth, walk);
    }
  }

  void walk_node(base::byte_view node, std::uint64_t page, std::size_t depth, tree_walk& walk) {
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
    if (depth > 1)
      return walk_page(size | std::uint64_t{flags} << 32, depth - 1, walk);
    auto key = node.substr(node_head_bytes, key_bytes);
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
        || (field<std::uint16_t>(head, 10) & kind_mask) != page_flag::overflow
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

  void check_order(base::byte_view key, std::uint64_t page, tree_walk& walk) {
    if (walk.order == key_order::integers && key.size() != sizeof(std::uint64_t))
      return fault(walk.name + ": a key of " + std::to_string(key.size()) + " bytes");
    bool ascends = !walk.has_last
                   || (walk.order == key_order::bytes
                           ? base::byte_view(walk.last_key) < key
                           : field<std::uint64_t>(walk.last_key, 0) < field<std::uint64_t>(key, 0));
    if (!ascends)
      fault(walk.name + ": the keys on page " + std::to_string(page) + " are out of order");
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

  const std::string path_;
  int file_ = -1;
  std::size_t page_bytes_ = 0;
  std::uint64_t last_page_ = 0;
  std::vector<bool> reached_; ///< by page: in use by a tree
  std::vector<bool> free_;    ///< by page: in the free list
  lmdb_structure found_;
  std::optional<base::error> failure_;
};

} // namespace

base::result<lmdb_structure> check_lmdb_structure(const std::string& path) {
  return structure_walk(path).run();
}

} // namespace storage
