// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "trace/dump_store.hpp"
#include "trace/recorder.hpp"

namespace node {

/// Keeps what the flight recorder holds when something happened, as a dump, and says so in the log; of
/// an actor's end it says what that actor did last. On a thread of its own: whoever asks for one never
/// waits for a disk.
class dump_writer {
public:
  static constexpr std::chrono::seconds pause_default{60};
  /// Of an actor's last messages so many are logged.
  static constexpr std::size_t last_messages_max = 10;

  /// Without a `store` nothing is kept and the rest is done. The same trigger again within `pause` is
  /// the same event.
  dump_writer(std::shared_ptr<const trace::recorder> recorder,
              std::optional<trace::dump_store> store,
              std::chrono::milliseconds pause = pause_default);
  /// What was asked for is written first.
  ~dump_writer();
  dump_writer(const dump_writer&) = delete;
  dump_writer& operator=(const dump_writer&) = delete;

  /// What happened: `trigger` is one of a few words, `reason` what was seen. `child`: the actor that
  /// failed, if one did. Any thread; returns at once, with the name of the dump that is going to
  /// show it, or within the pause shows what came before it; empty: none does, because others wait
  /// beyond a bound, or none are kept.
  std::string ask_for(std::string_view trigger, std::string_view reason,
                      std::string_view child = {});

private:
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr std::size_t waiting_max = 8;
  static constexpr std::size_t triggers_max = 64;

  struct wish {
    std::string trigger;
    std::string reason;
    std::string child;
    std::string name;
  };
  struct taken_up {
    time_point at;
    std::string name;
  };

  void run();
  void perform(const wish& what);
  bool write(trace::recording& read, const wish& what);

  const std::shared_ptr<const trace::recorder> recorder_;
  std::optional<trace::dump_store> store_;
  const std::chrono::milliseconds pause_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<wish> waiting_;
  std::map<std::string, taken_up, std::less<>> last_; ///< by trigger
  bool is_ending_ = false;
  std::thread thread_;
};

} // namespace node
