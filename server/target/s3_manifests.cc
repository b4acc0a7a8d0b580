#include "target/s3_manifests.h"

#include <algorithm>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/logging.h"
#include "base/status_macros.h"
#include "codec/sha256.h"
#include "target/s3_intact_read.h"

namespace binlogd {
namespace {

constexpr uint64_t kFilesPerIndex = 1000;

std::string Sha256Hex(absl::string_view bytes) {
  Sha256 sha256;
  sha256.Update(bytes);
  return absl::BytesToHexString(sha256.Finish());
}

Compression CompressionOf(absl::string_view name) {
  for (const Compression compression : {Compression::kZstd, Compression::kGzip}) {
    if (absl::EndsWith(name, CompressionSuffix(compression))) return compression;
  }
  return Compression::kNone;
}

}  // namespace

S3Manifests::S3Manifests(ObjectStore* store, const S3Layout* layout, std::string about)
    : store_(store), layout_(layout), about_(std::move(about)) {}

std::string S3Manifests::FileKey(const std::string& epoch, const std::string& file) const {
  return absl::StrCat(layout_->Folder(epoch, file), kManifestName);
}

std::string S3Manifests::IndexKey(const std::string& epoch, uint64_t number) const {
  return layout_->EpochKey(epoch, absl::StrFormat("manifest-%08d.json", number / kFilesPerIndex + 1));
}

void S3Manifests::Note(const std::string& key, const S3ObjectTags& tags) {
  S3ObjectTags& noted = noted_[key];
  noted = tags;
  noted.position.reset();  // May be long.
}

absl::Status S3Manifests::Open(const std::string& epoch, const std::string& file, uint64_t finished) {
  noted_.clear();
  index_ = Manifest();
  index_.format = layout_->format();
  if (finished == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(const bool intact, ReadIndex(epoch, file, finished));
  if (intact) return absl::OkStatus();
  Log(LogLevel::kWarning, about_,
      absl::StrCat(IndexKey(epoch, finished - 1),
                   " or a manifest that it names is lost or was edited; it is made anew"));
  return RebuildIndex(epoch, file, finished);
}

absl::StatusOr<bool> S3Manifests::ReadIndex(const std::string& epoch, const std::string& file, uint64_t finished) {
  ASSIGN_OR_RETURN(const bool read, Read(IndexKey(epoch, finished - 1), &index_));
  if (!read) return false;
  // Added, but the prefix's owner stopped before it was on record: it is added again.
  if (!index_.files.empty() && index_.files.back().name == file) index_.files.pop_back();
  if (index_.files.size() != (finished - 1) % kFilesPerIndex + 1) return false;
  const ManifestFile& last = index_.files.back();
  const std::string key = FileKey(epoch, last.name);
  const absl::Status manifest = ReadIntact([&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Object object, store_->Get(key));
    return Sha256Hex(object.bytes) == last.sha256 ? absl::OkStatus() : ObjectsDamaged(key);
  });
  if (IsNoObject(manifest) || ErrorReason(manifest) == "TARGET_DAMAGED") return false;
  RETURN_IF_ERROR(manifest);
  return true;
}

absl::StatusOr<bool> S3Manifests::Read(const std::string& key, Manifest* manifest) {
  const absl::Status read = ReadIntact([&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Object object, store_->Get(key));
    return ParseManifest(object.bytes, manifest) ? absl::OkStatus() : ObjectsDamaged(key);
  });
  if (IsNoObject(read) || ErrorReason(read) == "TARGET_DAMAGED") return false;
  RETURN_IF_ERROR(read);
  return true;
}

absl::Status S3Manifests::RebuildIndex(const std::string& epoch, const std::string& file, uint64_t finished) {
  index_ = Manifest();
  index_.format = layout_->format();
  ObjectStore::ListOptions options;
  options.prefix = layout_->EpochKey(epoch, "");
  options.delimiter = "/";
  ASSIGN_OR_RETURN(const ObjectStore::Listing listing, store_->List(options));
  std::vector<std::string> files;
  for (const std::string& folder : listing.prefixes) {
    const std::string name = folder.substr(options.prefix.size(), folder.size() - options.prefix.size() - 1);
    if (FileSequence(name) < FileSequence(file)) files.push_back(name);
  }
  std::sort(files.begin(), files.end(),
            [](const std::string& a, const std::string& b) { return FileSequence(a) < FileSequence(b); });
  const size_t in_index = std::min<size_t>(files.size(), (finished - 1) % kFilesPerIndex + 1);
  files.erase(files.begin(), files.end() - static_cast<std::ptrdiff_t>(in_index));
  for (const std::string& name : files) {
    const std::string key = FileKey(epoch, name);
    Manifest manifest;
    ASSIGN_OR_RETURN(const bool read, Read(key, &manifest));
    if (!read) {
      FinishedFile lost;
      lost.epoch = epoch;
      lost.file = name;
      if (!index_.files.empty() && index_.files.back().to) {
        lost.from_gtid_set = index_.files.back().to->position.gtid_set;
      }
      ASSIGN_OR_RETURN(manifest, MakeManifest(lost, S3RunBase()));
      RETURN_IF_ERROR(Put(key, ManifestJson(manifest)));
    }
    index_.files.push_back(Line(name, manifest));
  }
  return Put(IndexKey(epoch, finished - 1), ManifestJson(index_));
}

absl::StatusOr<Manifest> S3Manifests::MakeManifest(const FinishedFile& finished, const S3RunBase& base) {
  Manifest manifest;
  manifest.format = layout_->format();
  const std::string folder = layout_->Folder(finished.epoch, finished.file);
  ASSIGN_OR_RETURN(const std::vector<S3Piece> run, AdoptRun(*store_, *layout_, folder, base, about_));
  std::string gtid_set = finished.to.position.gtid_set;
  for (const S3Piece& piece : run) {
    S3ObjectTags tags;
    if (const auto noted = noted_.find(piece.key); noted != noted_.end()) {
      tags = noted->second;
    } else {
      ASSIGN_OR_RETURN(tags, HeadTags(*store_, piece.key));
    }
    // Of a manifest that is made anew only the objects know where it ends.
    if (finished.to.epoch.empty() && tags.position) gtid_set = tags.position->durable.position.gtid_set;
    ManifestFile object;
    object.name = piece.name;
    object.state = ManifestFile::State::kClosed;
    object.compression = CompressionOf(piece.name);
    object.from = ManifestPlace{finished.epoch, Position{finished.file, piece.start, ""}};
    object.to = ManifestPlace{finished.epoch, Position{finished.file, piece.end, ""}};
    object.first_event_time = tags.first_event_time;
    object.last_event_time = tags.last_event_time;
    object.stored_bytes = piece.size;
    object.content_bytes = tags.content_bytes;
    object.sha256 = tags.sha256;
    manifest.files.push_back(std::move(object));
  }
  if (manifest.files.empty()) return manifest;
  manifest.files.front().from->position.gtid_set = finished.from_gtid_set;
  manifest.files.back().to->position.gtid_set = gtid_set;
  return manifest;
}

ManifestFile S3Manifests::Line(const std::string& file, const Manifest& manifest) {
  ManifestFile line;
  line.name = file;
  line.state = ManifestFile::State::kClosed;
  line.sha256 = Sha256Hex(ManifestJson(manifest));
  if (manifest.files.empty()) return line;
  line.compression = manifest.files.back().compression;
  line.from = manifest.files.front().from;
  line.to = manifest.files.back().to;
  line.first_event_time = manifest.files.front().first_event_time;
  line.last_event_time = manifest.files.back().last_event_time;
  for (const ManifestFile& object : manifest.files) {
    line.stored_bytes += object.stored_bytes;
    line.content_bytes += object.content_bytes;
  }
  return line;
}

absl::Status S3Manifests::Finish(const FinishedFile& finished, const S3RunBase& base) {
  ASSIGN_OR_RETURN(const Manifest manifest, MakeManifest(finished, base));
  RETURN_IF_ERROR(Put(FileKey(finished.epoch, finished.file), ManifestJson(manifest)));
  noted_.clear();
  if (finished.number % kFilesPerIndex == 0) index_.files.clear();
  index_.files.push_back(Line(finished.file, manifest));
  return Put(IndexKey(finished.epoch, finished.number), ManifestJson(index_));
}

absl::Status S3Manifests::Put(const std::string& key, const std::string& text) {
  MemoryBody body(text);
  PutOptions options;
  options.content_type = "application/json";
  options.only_if_new = true;
  const absl::Status put = store_->Put(key, body, options).status();
  if (!absl::IsAlreadyExists(put)) return put;
  Object had;
  const absl::Status read = ReadIntact([&]() -> absl::Status {
    ASSIGN_OR_RETURN(had, store_->Get(key));
    Manifest parsed;
    return ParseManifest(had.bytes, &parsed) ? absl::OkStatus() : ObjectsDamaged(key);
  });
  // An index as it was before its newest lines is ours; anything else somebody edited.
  const bool edited = ErrorReason(read) == "TARGET_DAMAGED";
  if (!edited) RETURN_IF_ERROR(read);
  if (had.bytes == text) return absl::OkStatus();
  if (edited) RETURN_IF_ERROR(KeepAside(key, had));
  options.only_if_new = false;
  options.only_if_etag = had.etag;
  return store_->Put(key, body, options).status();
}

absl::Status S3Manifests::KeepAside(const std::string& key, const Object& edited) {
  const std::string aside =
      layout_->OwnKey(absl::StrCat("edited/", key.substr(layout_->prefix().size()), ".", Sha256Hex(edited.bytes)));
  Log(LogLevel::kWarning, about_, absl::StrCat(key, " was edited; it is kept as ", aside));
  MemoryBody body(edited.bytes);
  PutOptions options;
  options.only_if_new = true;
  const absl::Status kept = store_->Put(aside, body, options).status();
  return absl::IsAlreadyExists(kept) ? absl::OkStatus() : kept;
}

}  // namespace binlogd
