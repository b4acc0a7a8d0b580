// What a differential test found wrong.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace binlogd::testing {

// Collects divergences by what they are about, so that one bug does not hide another. Not thread-safe.
class Findings {
 public:
  // `about` is what many findings share: "value of TIME(3)". Only the first few details of each are kept.
  void Add(const std::string& about, const std::string& detail);

  size_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  // All of them, a paragraph for each subject.
  std::string Report() const;

 private:
  struct Subject {
    size_t count = 0;
    std::vector<std::string> details;
  };
  size_t count_ = 0;
  std::map<std::string, Subject> subjects_;
};

}  // namespace binlogd::testing
