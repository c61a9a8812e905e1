// SPDX-License-Identifier: Apache-2.0
#include "supervisor/process_gate.hpp"

#include <signal.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>

#include "base/check.hpp"

namespace supervisor {

namespace {

constexpr auto rule = "INV-105";

storage::check_report without_report(storage::verdict verdict, std::string why) {
  storage::check_report report;
  report.verdict = verdict;
  report.findings.push_back({rule, "the validator " + std::move(why), true});
  report.what_to_do =
      verdict == storage::verdict::retry
          ? "nothing: the check is made again until it succeeds"
          : "look at both stores with aspen-debug-storage; restore a backup, or let the node join "
            "again as a new one";
  return report;
}

/// The beginning of what it printed, on one line.
std::string excerpt(const std::string& output) {
  constexpr std::size_t length_max = 200;
  auto text = output.substr(0, length_max);
  for (auto& letter : text)
    if (static_cast<unsigned char>(letter) < ' ' || letter == '\x7f')
      letter = ' ';
  return output.size() > length_max ? text + "…" : text;
}

bool comes_from_outside(int signal) {
  return signal == SIGTERM || signal == SIGINT || signal == SIGHUP || signal == SIGQUIT
         || signal == SIGKILL;
}

bool lacks_resources(int error) {
  return error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE;
}

storage::check_report judge_exited(const process_outcome& outcome) {
  using storage::verdict;
  if (outcome.status != 0)
    return without_report(verdict::refuse, "ended with status " + std::to_string(outcome.status)
                                               + " and printed: " + excerpt(outcome.output));
  if (auto report = storage::check_report_from_json(outcome.output))
    return std::move(*report);
  return without_report(verdict::refuse, "printed no report but: " + excerpt(outcome.output));
}

storage::check_report judge_signalled(int signal) {
  const char* name = ::sigabbrev_np(signal);
  auto text = std::string("was ended by signal ") + std::to_string(signal) + " (SIG"
              + (name != nullptr ? name : "?") + ")";
  if (comes_from_outside(signal))
    return without_report(storage::verdict::retry, text + " from outside");
  return without_report(storage::verdict::refuse, text + " while it read the stores");
}

} // namespace

storage::check_report judge(const process_outcome& outcome, const process_limits& limits) {
  using storage::verdict;
  switch (outcome.how) {
  case process_end::exited: return judge_exited(outcome);
  case process_end::signalled: return judge_signalled(outcome.status);
  case process_end::timed_out:
    return without_report(verdict::refuse, "did not finish within "
                                               + std::to_string(limits.time_max.count()) + " ms");
  case process_end::too_much_output:
    return without_report(
        verdict::refuse, "printed more than " + std::to_string(limits.output_bytes_max) + " bytes");
  case process_end::cancelled: return without_report(verdict::retry, "was cancelled");
  case process_end::not_started: break;
  }
  return without_report(lacks_resources(outcome.status) ? verdict::retry : verdict::refuse,
                        "could not be run: " + std::generic_category().message(outcome.status));
}

process_gate::process_gate(process_gate_settings settings) : settings_(std::move(settings)) {
  BASE_CHECK(settings_.arguments != nullptr, "the validator is told what to look at");
}

void process_gate::start(check_scope scope, on_checked done) {
  is_cancelled_->store(false);
  auto work = [program = settings_.program, arguments = settings_.arguments(scope),
               limits = settings_.limits, is_cancelled = is_cancelled_, done] {
    done(judge(run_process(program, arguments, limits, *is_cancelled), limits));
  };
  try {
    std::thread(std::move(work)).detach();
  } catch (const std::system_error& failure) {
    done(without_report(storage::verdict::retry,
                        std::string("got no thread to wait on: ") + failure.what()));
  }
}

void process_gate::cancel() {
  is_cancelled_->store(true);
}

} // namespace supervisor
