// SPDX-License-Identifier: Apache-2.0
#include "node/space_keeper.hpp"

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "base/log.hpp"
#include "storage/space_reserve.hpp"

namespace node {

namespace {

constexpr auto target = "aspen::node";
constexpr std::chrono::seconds look_every{1};
constexpr const char* reserve_file = "disk-reserve";

class reserve_keeper final : public space_keeper {
public:
  reserve_keeper(std::string path, std::uint64_t bytes) : reserve_(std::move(path), bytes) {
    reserve_.begin();
    warn_if_out();
    prepare();
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), "disk-space");
  }
  reserve_keeper(const reserve_keeper&) = delete;
  reserve_keeper& operator=(const reserve_keeper&) = delete;
  ~reserve_keeper() override {
    {
      std::lock_guard guard(mutex_);
      is_stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  bool make_room() override {
    bool is_new = reserve_.release();
    if (is_new)
      warn_if_out();
    return is_new;
  }
  bool is_short() const override { return reserve_.is_out(); }
  std::uint64_t kept_bytes() const override { return reserve_.bytes(); }
  void prepare() override {
    bool was_out = reserve_.is_out();
    reserve_.prepare();
    if (!was_out)
      warn_if_out();
  }
  std::string trouble() const override { return reserve_.trouble(); }

private:
  void warn_if_out() const {
    if (auto why = reserve_.trouble(); !why.empty())
      base::log::error(target, "disk reserve is out; taking no writes", {{"reason", why}});
  }

  void run() {
    std::unique_lock guard(mutex_);
    while (!changed_.wait_for(guard, look_every, [this] { return is_stopping_; })) {
      guard.unlock();
      if (reserve_.look())
        base::log::info(target, "space has returned; disk reserve is made again",
                        {{"bytes", reserve_.bytes()}});
      guard.lock();
    }
  }

  storage::space_reserve reserve_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_stopping_ = false;
  std::thread thread_;
};

} // namespace

std::shared_ptr<space_keeper> space_keeper::start(const settings& all) {
  if (all.cluster.storage_backend == storage::backend::inmemory)
    return nullptr;
  auto path = std::filesystem::path(all.cluster.data_dir) / reserve_file;
  return std::make_shared<reserve_keeper>(path.string(), all.cluster.disk_reserve.bytes);
}

} // namespace node
