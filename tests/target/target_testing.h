// What tests of targets share.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "pipeline/block_encoder.h"
#include "target/target.h"
#include "tests/harness/log_blocks.h"
#include "tests/harness/temp_dir.h"

namespace binlogd::testing {

// Every file of a folder but what is the target's own, by path in it; without what is told beside the data, which holds
// times.
inline std::map<std::string, std::string> FolderContent(const std::string& folder) {
  std::map<std::string, std::string> content;
  for (auto entry = std::filesystem::recursive_directory_iterator(folder);
       entry != std::filesystem::recursive_directory_iterator(); ++entry) {
    const std::string name = std::filesystem::relative(entry->path(), folder).string();
    if (name == ".binlogd") {
      entry.disable_recursion_pending();
    } else if (entry->is_regular_file() && entry->path().filename() != "epoch.json" &&
               entry->path().filename() != "manifest.json") {
      content[name] = *ReadWholeFile(entry->path().string());
    }
  }
  return content;
}

inline void AppendGarbage(const std::string& path, const std::string& garbage) {
  std::ofstream(path, std::ios::binary | std::ios::app) << garbage;
}

inline DurablePosition StartOf(const EpochStart& epoch) {
  DurablePosition start;
  start.epoch = epoch.epoch;
  start.position = epoch.first;
  return start;
}

// Hands a block to a target as a lane does: what the target has already is left out. `had` is where it stood when it
// was opened. A target that decodes gets pieces of `piece_bytes`, and `after_piece` is called after each.
inline absl::Status Hand(Target& target, const Block& block, const DurablePosition& had,
                         size_t piece_bytes = std::numeric_limits<size_t>::max(),
                         const std::function<absl::Status()>& after_piece = nullptr) {
  BlockRange range;
  size_t from = 0;
  if (had.epoch == block.epoch->epoch && ComparePositions(block.start, had.position) < 0) {
    if (ComparePositions(block.end, had.position) <= 0) return absl::OkStatus();
    if (block.start.file == had.position.file) {
      range.from_offset = had.position.offset;
      from = had.position.offset - block.start.offset;
    }
  }
  if (!target.decodes()) return target.Write(block, from, nullptr);
  const EventFilter all{FilterSpec()};
  BlockEncoder encoder(block, range, all, *target.format(), "orders", target.wants_records());
  while (!encoder.done()) {
    const absl::StatusOr<EncodedBlock> piece = encoder.Next(piece_bytes);
    if (!piece.ok()) return piece.status();
    if (absl::Status written = target.Write(block, from, &*piece); !written.ok()) return written;
    if (after_piece == nullptr) continue;
    if (absl::Status status = after_piece(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace binlogd::testing
