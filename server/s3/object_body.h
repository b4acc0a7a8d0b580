// What an upload sends.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace binlogd {

// Bytes that are read piece by piece: once to sign them, once to send them and, when a request is repeated, again.
class ObjectBody {
 public:
  virtual ~ObjectBody() = default;
  virtual uint64_t size() const = 0;
  // Exactly `size` bytes from `offset` on.
  virtual absl::StatusOr<std::string> Read(uint64_t offset, uint64_t size) = 0;
};

// A body that is in memory; the bytes outlive it.
class MemoryBody : public ObjectBody {
 public:
  explicit MemoryBody(absl::string_view bytes) : bytes_(bytes) {}
  uint64_t size() const override { return bytes_.size(); }
  absl::StatusOr<std::string> Read(uint64_t offset, uint64_t size) override {
    return std::string(bytes_.substr(offset, size));
  }

 private:
  const absl::string_view bytes_;
};

// `size` bytes of another body, which outlives it. INTERNAL when that gives fewer or more than it is asked for.
class BodyPart : public ObjectBody {
 public:
  BodyPart(ObjectBody* whole, uint64_t begin, uint64_t size) : whole_(whole), begin_(begin), size_(size) {}
  uint64_t size() const override { return size_; }
  absl::StatusOr<std::string> Read(uint64_t offset, uint64_t size) override {
    absl::StatusOr<std::string> bytes = whole_->Read(begin_ + offset, size);
    if (!bytes.ok() || bytes->size() == size) return bytes;
    return absl::InternalError(absl::StrCat("an upload's body gave ", bytes->size(), " bytes in place of ", size));
  }

 private:
  ObjectBody* const whole_;
  const uint64_t begin_;
  const uint64_t size_;
};

}  // namespace binlogd
