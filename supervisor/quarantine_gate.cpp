// SPDX-License-Identifier: Apache-2.0
#include "supervisor/quarantine_gate.hpp"

#include <atomic>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "base/log.hpp"
#include "supervisor/log_target.hpp"
#include "supervisor/quarantine.hpp"

namespace supervisor {

namespace {

/// Lives as long as a check that was begun, whoever forgets the gate.
class quarantine_gate final : public gate, public std::enable_shared_from_this<quarantine_gate> {
public:
  quarantine_gate(std::shared_ptr<gate> inner, quarantine_settings settings)
    : inner_(std::move(inner)), settings_(std::move(settings)), record_(settings_.directory) {}

  void start(check_scope scope, on_checked done) override {
    {
      std::lock_guard guard(mutex_);
      is_cancelled_ = false;
      is_inner_asked_ = false;
    }
    try {
      std::thread([self = shared_from_this(), scope, done] { self->check(scope, done); }).detach();
    } catch (const std::system_error& failure) {
      done(postponed(std::string("got no thread to wait on: ") + failure.what()));
    }
  }

  bool forgive() override {
    is_forgiven_ = true;
    return true;
  }

  void cancel() override {
    std::lock_guard guard(mutex_);
    is_cancelled_ = true;
    if (is_inner_asked_)
      inner_->cancel();
  }

private:
  static storage::check_report postponed(std::string why) {
    storage::check_report report;
    report.verdict = storage::verdict::retry;
    report.findings.push_back({"INV-108", "the check " + std::move(why), true});
    return report;
  }

  void check(check_scope scope, const on_checked& done) {
    if (is_forgiven_.exchange(false))
      put_away("cleared by an operator");
    auto record = record_.read();
    bool is_there = record || record.error().code != base::errc::not_found;
    if (is_there) {
      if (auto refusal = stands(record))
        return done(is_cancelled_ ? postponed("was cancelled") : std::move(*refusal));
      base::log::info(log_target, "the stores in quarantine were replaced; checking everything",
                      {{"record", record_.path()}});
      scope = check_scope::everything;
    }
    auto self = shared_from_this();
    ask_inner(scope, [self, is_there, done](storage::check_report report) {
      self->note(report, is_there);
      done(std::move(report));
    });
  }

  /// The refusal, when the record binds the stores that are there now.
  std::optional<storage::check_report> stands(const base::result<quarantine_record>& record) {
    if (!record)
      return refusal_of_unreadable(record.error(), record_.path());
    if (record->checked_as != settings_.checked_as
        || record->files != take_prints(settings_.store_files, is_cancelled_))
      return std::nullopt;
    return refusal_of(*record, record_.path());
  }

  void ask_inner(check_scope scope, on_checked done) {
    {
      std::lock_guard guard(mutex_);
      is_inner_asked_ = !is_cancelled_;
      if (is_inner_asked_) {
        inner_->start(scope, std::move(done));
        return;
      }
    }
    done(postponed("was cancelled"));
  }

  void note(const storage::check_report& report, bool had_record) {
    switch (report.verdict) {
    case storage::verdict::retry: return;
    case storage::verdict::refuse: write(report); return;
    case storage::verdict::ok:
    case storage::verdict::rebuild: break;
    }
    if (had_record)
      put_away("the stores were replaced and pass the check");
  }

  void write(const storage::check_report& report) {
    if (is_cancelled_)
      return; // the prints would not be whole; the next start finds the same
    put_away("another refusal follows");
    quarantine_record fresh{std::chrono::system_clock::now(), settings_.checked_as,
                            take_prints(settings_.store_files, is_cancelled_), report};
    if (auto written = record_.write(fresh); !written)
      base::log::error(log_target, "quarantine not recorded; the refusal stands until the end",
                       {{"record", record_.path()}, {"reason", written.error().text}});
    else
      base::log::error(log_target, "quarantine recorded", {{"record", record_.path()}});
  }

  void put_away(const char* why) {
    if (record_.read() || record_.read().error().code != base::errc::not_found)
      base::log::warn(log_target, "quarantine put away",
                      {{"record", record_.path()}, {"reason", why}});
    if (auto moved = record_.put_away(std::chrono::system_clock::now()); !moved)
      base::log::error(log_target, "quarantine not put away",
                       {{"record", record_.path()}, {"reason", moved.error().text}});
  }

  const std::shared_ptr<gate> inner_;
  const quarantine_settings settings_;
  const quarantine record_;
  std::mutex mutex_;
  std::atomic<bool> is_forgiven_{false};
  std::atomic<bool> is_cancelled_{false};
  bool is_inner_asked_ = false;
};

} // namespace

std::shared_ptr<gate> make_quarantine_gate(std::shared_ptr<gate> inner,
                                           quarantine_settings settings) {
  return std::make_shared<quarantine_gate>(std::move(inner), std::move(settings));
}

} // namespace supervisor
