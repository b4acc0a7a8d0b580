#include "streamer/source_log.h"

#include <algorithm>

#include "binlog/event_header.h"

namespace binlogd {

void SourceLog::Begin(const Epoch& epoch, const std::vector<LogFile>& files, const Position& end,
                      const Position& place) {
  if (!(epoch == epoch_)) *this = SourceLog();
  epoch_ = epoch;
  for (const LogFile& file : files) {
    uint64_t& size = sizes_[FileSequence(file.name)];
    size = std::max(size, file.size);
  }
  place_ = Position{place.file, place.offset, ""};
  SeeEnd(end);
  SeeEnd(place_);
}

void SourceLog::SeeEnd(const Position& end) {
  if (end_.empty() || ComparePositions(end, end_) >= 0) {
    end_.file = end.file;
    end_.offset = end.offset;
  }
  if (!end.gtid_set.empty()) end_.gtid_set = end.gtid_set;
  uint64_t& size = sizes_[FileSequence(end.file)];
  size = std::max(size, end.offset);
}

void SourceLog::Read(const Position& place, uint64_t bytes) {
  if (place.file != place_.file && !place_.empty()) {
    // What came and is not in the new file was the rest of the old one.
    const uint64_t in_new = place.offset - std::min(place.offset, kFirstEventOffset);
    uint64_t& size = sizes_[FileSequence(place_.file)];
    size = std::max(size, place_.offset + bytes - std::min(bytes, in_new));
  }
  place_ = Position{place.file, place.offset, ""};
  SeeEnd(place_);
}

std::optional<uint64_t> SourceLog::BytesBehind(const Epoch& epoch, const Position& durable) const {
  if (end_.empty() || durable.empty() || !(epoch == epoch_)) return std::nullopt;
  if (ComparePositions(durable, end_) >= 0) return 0;
  const uint64_t first = FileSequence(durable.file);
  const uint64_t last = FileSequence(end_.file);
  if (first == last) return end_.offset - durable.offset;
  const auto begin = sizes_.find(first);
  if (begin == sizes_.end()) return std::nullopt;
  uint64_t bytes = end_.offset + begin->second - std::min(begin->second, durable.offset);
  for (auto file = std::next(begin); file != sizes_.end() && file->first < last; ++file) bytes += file->second;
  return bytes;
}

void SourceLog::Forget(const Position& place) {
  sizes_.erase(sizes_.begin(), sizes_.lower_bound(FileSequence(place.file)));
}

}  // namespace binlogd
