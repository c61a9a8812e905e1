// SPDX-License-Identifier: Apache-2.0
#include "tools/aspen-backup/fetch.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include <httplib.h>

#include <nlohmann/json.hpp>

#include "storage/files.hpp"
#include "storage/plain_files.hpp"
#include "storage/transfer_file.hpp"
#include "tools/common/progress.hpp"

namespace aspen_backup {

namespace {

constexpr std::chrono::seconds dial_patience{5};
/// The first byte comes when the node has copied and verified its state; it gives up itself before.
constexpr std::chrono::minutes answer_patience{65};
constexpr std::size_t refusal_bytes_max = std::size_t{64} << 10;

std::uint64_t number_field(const httplib::Response& from, const char* name) {
  auto text = from.get_header_value(name);
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

tl::unexpected<failure> refused(const std::string& url, int status, const std::string& body) {
  auto parsed = nlohmann::json::parse(body, nullptr, false);
  auto text = parsed.is_object() && parsed.contains("error") && parsed["error"].is_string()
                  ? parsed["error"].get<std::string>()
                  : "answered " + std::to_string(status);
  bool may_help = status == 409 || status == 429 || status == 503 || status == 504;
  return fail(may_help ? exit_status::unavailable : exit_status::failed, url + ": " + text);
}

/// One answer as it comes: a file, or the words of a refusal.
class arrival {
public:
  arrival(std::string path, bool is_quiet)
    : path_(std::move(path)), shown_("receiving", 0, is_quiet) {}

  bool begin(const httplib::Response& head) {
    status_ = head.status;
    if (status_ != 200)
      return true;
    told_ = {number_field(head, "Content-Length"), number_field(head, "X-Aspen-Index"),
             number_field(head, "X-Aspen-Term"), number_field(head, "X-Aspen-Entries"),
             head.get_header_value("X-Aspen-State-Digest")};
    shown_.set_total(told_.size_bytes);
    if (auto made = storage::make_private_file(path_); !made)
      return give_up(made.error());
    if (auto space = storage::check_free_space(path_, told_.size_bytes); !space)
      return give_up(space.error());
    auto opened = storage::arriving_file::open(path_, 0, 1);
    if (!opened)
      return give_up(opened.error());
    file_.emplace(std::move(*opened));
    return true;
  }

  bool take(const char* bytes, std::size_t size) {
    if (!file_) {
      refusal_.append(bytes, std::min(size, refusal_bytes_max - refusal_.size()));
      return true;
    }
    if (auto written = file_->append({bytes, size}); !written)
      return give_up(written.error());
    shown_.at(file_->size());
    return true;
  }

  outcome<fetched> end(const std::string& url, const httplib::Result& how) {
    if (trouble_)
      return failed(*trouble_);
    if (!how)
      return fail(exit_status::unavailable,
                  url + ": "
                      + (status_ == 0 ? "no answer (" + httplib::to_string(how.error()) + ")"
                                      : "the connection ended after "
                                            + tools::size_text(file_ ? file_->size() : 0)));
    if (status_ != 200)
      return refused(url, status_, refusal_);
    if (!file_ || file_->size() != told_.size_bytes || told_.state_digest.empty())
      return fail(exit_status::failed, url + ": the answer is no backup of a node of Aspen");
    if (auto synced = file_->sync(); !synced)
      return failed(synced.error());
    shown_.done();
    return told_;
  }

private:
  bool give_up(const base::error& why) {
    trouble_ = why;
    return false;
  }

  std::string path_;
  tools::progress shown_;
  int status_ = 0;
  fetched told_;
  std::optional<storage::arriving_file> file_;
  std::string refusal_;
  std::optional<base::error> trouble_;
};

} // namespace

outcome<fetched> fetch(const aspenctl::endpoint& from, const std::string& to,
                       const fetch_options& how) {
  httplib::Client http(from.host, from.port);
  http.set_connection_timeout(dial_patience);
  http.set_read_timeout(answer_patience);
  http.set_keep_alive(false);
  arrival coming(to, how.is_quiet);
  auto target = std::string("/admin/backup") + (how.may_be_stale ? "?consistency=stale" : "");
  auto ended = http.Get(
      target, httplib::Headers{{"Host", from.authority()}, {"User-Agent", "aspen-backup"}},
      [&coming](const httplib::Response& head) { return coming.begin(head); },
      [&coming](const char* bytes, std::size_t size) { return coming.take(bytes, size); });
  return coming.end(from.url(), ended);
}

} // namespace aspen_backup
