#include "base/disk_gauge.h"

#include <sys/statvfs.h>

#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"

namespace binlogd {

struct DiskGauge::Question {
  absl::Notification answered;
  std::optional<DiskSpace> answer;  // Set before `answered`.
};

std::optional<DiskSpace> SpaceOf(const std::string& folder) {
  struct statvfs told {};
  if (statvfs(folder.c_str(), &told) != 0) return std::nullopt;
  return DiskSpace{uint64_t{told.f_bavail} * told.f_frsize, uint64_t{told.f_blocks} * told.f_frsize};
}

std::map<std::string, DiskSpace> DiskGauge::Read(const std::set<std::string>& folders, absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  std::vector<std::pair<std::string, std::shared_ptr<Question>>> questions;
  for (const std::string& folder : folders) questions.emplace_back(folder, Open(folder));
  std::map<std::string, DiskSpace> spaces;
  for (const auto& [folder, question] : questions) {
    if (question->answered.WaitForNotificationWithTimeout(deadline - absl::Now()) && question->answer) {
      spaces[folder] = *question->answer;
    }
  }
  return spaces;
}

std::shared_ptr<DiskGauge::Question> DiskGauge::Open(const std::string& folder) {
  std::shared_ptr<Question> question;
  {
    absl::MutexLock lock(&mutex_);
    std::shared_ptr<Question>& open = open_[folder];
    if (open != nullptr) return open;
    open = question = std::make_shared<Question>();
  }
  pool_.Run([this, folder, question] {
    question->answer = ask_(folder);
    {
      absl::MutexLock lock(&mutex_);
      open_.erase(folder);
    }
    question->answered.Notify();
  });
  return question;
}

}  // namespace binlogd
