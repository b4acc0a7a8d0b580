// Binary log files on disk for tests.
#pragma once

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "archive/log_file.h"
#include "codec/encryptor.h"
#include "tests/harness/temp_dir.h"

namespace binlogd::testing {

// One zstd frame.
inline std::string Zstd(absl::string_view bytes) {
  std::string frame(ZSTD_compressBound(bytes.size()), '\0');
  frame.resize(ZSTD_compress(frame.data(), frame.size(), bytes.data(), bytes.size(), 3));
  return frame;
}

// One gzip member.
inline std::string Gzip(absl::string_view bytes) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string member(deflateBound(&stream, bytes.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(member.data());
  stream.avail_out = static_cast<uInt>(member.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  member.resize(stream.total_out);
  deflateEnd(&stream);
  return member;
}

// A file of binlogd, encrypted; a chunk ends every 100 bytes.
inline std::string Encrypt(absl::string_view bytes, const EncryptionKey& key) {
  auto encryptor = Encryptor::Create(key, 0, "");
  EXPECT_TRUE(encryptor.ok());
  std::string file;
  for (; !bytes.empty(); bytes.remove_prefix(std::min<size_t>(bytes.size(), 100))) {
    EXPECT_TRUE((*encryptor)->Append(bytes.substr(0, 100), &file).ok());
    EXPECT_TRUE((*encryptor)->EndChunk(&file).ok());
  }
  return file;
}

// A directory with files.
class LogFolder {
 public:
  // Writes a file and returns its path.
  std::string Write(const std::string& name, absl::string_view bytes) {
    const std::string path = directory_ / name;
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path;
  }
  std::string path() const { return directory_.path(); }

 private:
  TempDir directory_;
};

// What LogFileReader gave until it ended or failed.
struct ReadLog {
  std::vector<std::string> events;
  std::vector<uint64_t> offsets;
  absl::Status status;
};

inline ReadLog ReadAll(const std::string& path, const LogFileOptions& options = {}) {
  ReadLog read;
  absl::StatusOr<std::unique_ptr<LogFileReader>> file = LogFileReader::Open(path, options);
  read.status = file.status();
  LogFileEvent event;
  while (read.status.ok()) {
    const absl::StatusOr<bool> more = (*file)->Next(&event);
    read.status = more.status();
    if (!more.ok() || !*more) break;
    read.events.emplace_back(event.bytes);
    read.offsets.push_back(event.offset);
  }
  return read;
}

}  // namespace binlogd::testing
