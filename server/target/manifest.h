// What a folder of a file target holds, for people and programs that read it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "binlog/position.h"
#include "codec/compressor.h"

namespace binlogd {

// A place in a source's log, in text.
struct ManifestPlace {
  std::string epoch;
  Position position;
};

// One file. What is not known is empty or 0.
struct ManifestFile {
  enum class State : uint8_t {
    kOpen,     // It is being written; what changes with every commit is told when it is closed.
    kClosed,   // Nothing will be appended.
    kDeleted,  // By retention. It may still be there, until the manifest is written again.
  };

  std::string name;
  State state = State::kOpen;
  Compression compression = Compression::kNone;
  std::vector<std::string> key_ids;  // Of the keys that encrypted it, in order; none when it is not encrypted.
  std::optional<ManifestPlace> from;
  std::optional<ManifestPlace> to;
  uint32_t first_event_time = 0;  // The source's clock, seconds since 1970.
  uint32_t last_event_time = 0;
  uint64_t stored_bytes = 0;
  uint64_t content_bytes = 0;
  std::string sha256;  // Of the stored bytes.
};

// What retention deleted from a folder.
struct ManifestDeletions {
  uint64_t files = 0;
  uint64_t bytes = 0;
  std::string last_file;
  std::optional<ManifestPlace> last_to;
  uint32_t last_event_time = 0;
};

struct Manifest {
  std::string format;
  std::string folder;  // FileFolder::id(), to tell it from that of another folder; empty when it does not say.
  std::vector<ManifestFile> files;  // In the order in which they were written.
  ManifestDeletions deleted;
};

// A JSON object in many lines, a file in each (docs/on-disk.md); the last member is the CRC-32 of the others.
std::string ManifestJson(const Manifest& manifest);

// The inverse. False, with `manifest` in any state, when the text is not, to the byte, what ManifestJson wrote.
bool ParseManifest(absl::string_view text, Manifest* manifest);

}  // namespace binlogd
