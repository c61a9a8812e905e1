// SPDX-License-Identifier: Apache-2.0
#include "replay/core_player.hpp"

#include <utility>

#include "base/check.hpp"
#include "replay/core_codec.hpp"
#include "replay/core_file.hpp"
#include "replay/seeded_random.hpp"

namespace replay {

namespace {

class player {
public:
  player(base::byte_view file, const play_settings& how) : in_(file), how_(how) {}

  base::result<play_report> run() {
    if (auto head = in_.read_head(); !head)
      return base::fail(head.error());
    for (;;) {
      auto next = in_.next();
      if (!next)
        return base::fail(next.error().within("after input " + std::to_string(told_.inputs)));
      if (!*next || !take(std::move(**next)))
        return finish();
    }
  }

private:
  /// False: nothing more is to be told.
  bool take(record what) {
    if (auto* beginning = std::get_if<core_beginning>(&what)) {
      begin(*beginning);
      return true;
    }
    if (std::holds_alternative<bound_reached>(what)) {
      told_.reached_bound = true;
      return false;
    }
    if (auto* digest = std::get_if<base::hash128>(&what))
      return compare(*digest);
    if (told_.inputs == how_.until || !core_)
      return false;
    return tell(std::get<core_input>(what));
  }

  void begin(const core_beginning& how) {
    told_.server = how.config.self;
    told_.cluster_id = how.config.cluster_id;
    told_.boot = how.config.boot;
    core_.emplace(how.config, how.recovered, seeded_random(how.random_seed));
  }

  bool tell(const core_input& what) {
    ++told_.inputs;
    show("#" + std::to_string(told_.inputs) + " " + to_string(what));
    try {
      output_ = replay::tell(*core_, what);
    } catch (const base::invariant_violation& broken) {
      told_.broken = broken.what();
      return false;
    }
    if (auto text = to_string(output_); !text.empty() && !told_.last.empty())
      told_.last.back() += "\n" + text;
    return true;
  }

  bool compare(const base::hash128& recorded) {
    ++told_.outputs;
    if (digest_of(output_) == recorded)
      return true;
    told_.differs_at = told_.inputs;
    return false;
  }

  void show(std::string line) {
    if (told_.last.size() == how_.shown && !told_.last.empty())
      told_.last.erase(told_.last.begin());
    if (how_.shown > 0)
      told_.last.push_back(std::move(line));
  }

  base::result<play_report> finish() {
    if (!core_)
      return base::fail(base::errc::corrupt, "the recording does not say how the core began");
    told_.is_torn = in_.is_torn();
    told_.status = core_->status();
    return std::move(told_);
  }

  record_reader in_;
  const play_settings how_;
  play_report told_;
  std::optional<raft::core> core_;
  core_output output_;
};

} // namespace

base::result<play_report> play(base::byte_view file, const play_settings& how) {
  return player(file, how).run();
}

} // namespace replay
