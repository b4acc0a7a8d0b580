// A file that a target appends to, compressed and encrypted on the way.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file.h"
#include "base/histogram.h"
#include "codec/compressor.h"
#include "codec/encryptor.h"
#include "codec/key_ring.h"
#include "codec/sha256.h"

namespace binlogd {

// What is done to the content of a file; compression comes before encryption.
struct FileForm {
  Compression compression = Compression::kNone;
  bool encrypted = false;

  bool plain() const { return compression == Compression::kNone && !encrypted; }
  // What files of the form have at the end of their names: "", ".zst", ".gz.enc" …
  std::string suffix() const;
  friend bool operator==(const FileForm&, const FileForm&) = default;
};

// Every form that there is.
const std::vector<FileForm>& AllFileForms();

// The form of a file of this name; takes its suffix off the name.
FileForm TakeFileForm(absl::string_view* name);

// Content is stored in frames, behind each of which the file can be cut. Where the form is plain every byte is a frame.
// Not thread-safe.
class OutputFile {
 public:
  // Makes the file, whose name is durable then. ALREADY_EXISTS when there is one. `keys`, of which the first encrypts,
  // outlives it.
  static absl::StatusOr<std::unique_ptr<OutputFile>> Create(const std::string& path, const FileForm& form,
                                                            const KeyRing* keys);
  // Opens a file of which the first `stored_bytes`, the end of a frame, are kept, and hold `content_bytes`; the rest is
  // cut off. Permanent DATA_LOSS (TARGET_DAMAGED) when the file is shorter or missing, or not authentic where it
  // begins; permanent FAILED_PRECONDITION (ENCRYPTION_KEY_MISSING), before anything is cut off, when its beginning was
  // encrypted with a key that `keys` lacks. `keys` is null when nothing will be appended.
  static absl::StatusOr<std::unique_ptr<OutputFile>> Reopen(const std::string& path, const FileForm& form,
                                                            const KeyRing* keys, uint64_t stored_bytes,
                                                            uint64_t content_bytes);

  // All of it or nothing: after RESOURCE_EXHAUSTED nothing has been taken. Some of what is taken may be in memory only
  // until EndFrame.
  absl::Status Append(absl::string_view content);
  // Everything appended is in the first stored_bytes() of the file. After RESOURCE_EXHAUSTED it may be tried again.
  absl::Status EndFrame();
  // Everything before the last frame's end is durable. TARGET_DAMAGED, of Append and EndFrame too, when the file has no
  // name any more or was cut; ABORTED (TARGET_FILE_CHANGED) when something else has appended to it.
  absl::Status Sync();
  // The same, and how long it took goes into the histogram.
  absl::Status Sync(Histogram* seconds) {
    const HistogramTimer timer(seconds);
    return Sync();
  }
  // Of the stored bytes, in hexadecimal digits; at a frame's end. What an earlier process wrote is read for it.
  absl::StatusOr<std::string> Digest();

  const std::string& path() const { return path_; }
  const FileForm& form() const { return form_; }
  uint64_t stored_bytes() const { return stored_; }
  uint64_t content_bytes() const { return content_; }
  // Of the key that encrypts what is appended; empty when none does.
  std::string key_name() const;

 private:
  OutputFile(std::string path, const FileForm& form, const KeyRing* keys, FileDescriptor file);

  // Appends to `made_` what `compressed_` becomes.
  absl::Status Encrypt();
  // Writes what was made.
  absl::Status Flush();
  absl::Status Write(absl::string_view bytes);
  // That nobody else has touched the file. A cut must be found before a write makes it a hole.
  absl::Status CheckAsWritten() const;
  // Takes up to `most` stored bytes into the digest, from the file.
  absl::Status DigestMore(uint64_t most);

  const std::string path_;
  const FileForm form_;
  const KeyRing* const keys_;
  FileDescriptor file_;
  const std::unique_ptr<Compressor> compressor_;
  std::unique_ptr<Encryptor> encryptor_;  // From the first byte on that is encrypted.
  std::string file_id_;                   // Of an encrypted file that was opened again.
  std::string compressed_;
  std::string made_;  // Comes at `stored_`.
  uint64_t stored_ = 0;
  uint64_t torn_ = 0;  // A write that failed may have come that far.
  uint64_t content_ = 0;
  uint64_t flushing_ = 0;  // The kernel was asked to write out everything before this offset.
  Sha256 sha256_;
  uint64_t digested_ = 0;  // So far the digest goes.
};

}  // namespace binlogd
