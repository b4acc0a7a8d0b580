#include "target/s3_run.h"

#include <limits>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/logging.h"
#include "base/status_macros.h"
#include "target/s3_intact_read.h"

namespace binlogd {
namespace {

absl::StatusOr<std::vector<S3Piece>> ListPieces(ObjectStore& store, const S3Layout& layout, const std::string& folder) {
  ObjectStore::ListOptions options;
  options.prefix = folder;
  ASSIGN_OR_RETURN(const ObjectStore::Listing listing, store.List(options));
  std::vector<S3Piece> pieces;
  for (const ObjectInfo& object : listing.objects) {
    S3Piece piece;
    piece.key = object.key;
    piece.name = object.key.substr(folder.size());
    piece.size = object.size;
    if (piece.name == kManifestName) continue;
    if (!layout.ParseName(piece.name, &piece.start, &piece.end)) {
      return ObjectsDamaged(absl::StrCat(piece.key, " is not ours"));
    }
    if (layout.IsPlainPiece(piece.name) && piece.size != piece.end - piece.start) {
      return ObjectsDamaged(absl::StrCat(piece.key, " has ", piece.size, " bytes"));
    }
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

// Builds the run piece by piece; asks for an object's generation only where the keys leave a doubt.
class RunBuilder {
 public:
  RunBuilder(ObjectStore& store, const S3RunBase& base, const std::string& about, bool* ahead)
      : store_(store), base_(base), about_(about), ahead_(ahead) {}

  absl::Status Add(const S3Piece& piece) {
    if (run_.empty() || piece.start == run_.back().end) {
      run_.push_back(piece);
      return absl::OkStatus();
    }
    if (piece.start > run_.back().end) return AddBehindHole(piece);
    return AddOverlap(piece);
  }

  // The last ones may follow the run and yet be of an owner that had lost the prefix.
  absl::Status End() {
    while (!run_.empty() && run_.back().start >= base_.offset) {
      ASSIGN_OR_RETURN(const bool superseded, IsSuperseded(run_.back()));
      if (!superseded) return absl::OkStatus();
      RETURN_IF_ERROR(Leave(run_.back()));
      run_.pop_back();
    }
    return absl::OkStatus();
  }

  std::vector<S3Piece> Take() { return std::move(run_); }

 private:
  absl::StatusOr<bool> IsSuperseded(const S3Piece& piece) {
    if (piece.start < base_.offset) return false;
    ASSIGN_OR_RETURN(const S3ObjectTags tags, HeadTags(store_, piece.key));
    return tags.generation < base_.generation;
  }

  // One that lies where the next objects come.
  absl::Status Leave(const S3Piece& superseded) {
    if (ahead_ == nullptr) return DeleteSuperseded(store_, superseded.key, base_.generation, about_);
    *ahead_ = true;
    return absl::OkStatus();
  }

  absl::Status AddBehindHole(const S3Piece& piece) {
    ASSIGN_OR_RETURN(const bool superseded, IsSuperseded(piece));
    if (superseded) return Leave(piece);
    return ObjectsDamaged(
        absl::StrCat("the object that follows ", run_.back().key, " is missing: the next one is ", piece.key));
  }

  // Of two that begin at one place the one of the later owner counts; of what else overlaps, the one in the run, which
  // must be of the later owner.
  absl::Status AddOverlap(const S3Piece& piece) {
    ASSIGN_OR_RETURN(const S3ObjectTags had, HeadTags(store_, run_.back().key));
    ASSIGN_OR_RETURN(const S3ObjectTags has, HeadTags(store_, piece.key));
    if (has.generation < had.generation) return DeleteSuperseded(store_, piece.key, had.generation, about_);
    if (has.generation > had.generation && piece.start == run_.back().start) {
      RETURN_IF_ERROR(DeleteSuperseded(store_, run_.back().key, has.generation, about_));
      run_.back() = piece;
      return absl::OkStatus();
    }
    return ObjectsDamaged(absl::StrCat(piece.key, " and ", run_.back().key, " overlap"));
  }

  ObjectStore& store_;
  const S3RunBase base_;
  const std::string& about_;
  bool* const ahead_;
  std::vector<S3Piece> run_;
};

// Walks objects in the order of their keys; asks for generations only where two overlap.
class LateArrivals {
 public:
  LateArrivals(ObjectStore& store, const std::string& about) : store_(store), about_(about) {}

  absl::Status Add(const S3Piece& piece) {
    if (!reaches_furthest_ || piece.start >= reaches_furthest_->end) {
      reaches_furthest_ = piece;
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const uint64_t had, GenerationOf(*reaches_furthest_));
    ASSIGN_OR_RETURN(const uint64_t has, GenerationOf(piece));
    if (has == kUnknown) return absl::OkStatus();
    if (had != kUnknown && has < had) return DeleteSuperseded(store_, piece.key, had, about_);
    if (had < has) RETURN_IF_ERROR(DeleteSuperseded(store_, reaches_furthest_->key, has, about_));
    if (had != has || piece.end > reaches_furthest_->end) reaches_furthest_ = piece;
    return absl::OkStatus();
  }

 private:
  static constexpr uint64_t kUnknown = std::numeric_limits<uint64_t>::max();

  absl::StatusOr<uint64_t> GenerationOf(const S3Piece& piece) {
    const absl::StatusOr<S3ObjectTags> tags = HeadTags(store_, piece.key);
    if (tags.ok()) return tags->generation;
    if (IsNoObject(tags.status()) || ErrorReason(tags.status()) == "TARGET_DAMAGED") return kUnknown;
    return tags.status();
  }

  ObjectStore& store_;
  const std::string& about_;
  std::optional<S3Piece> reaches_furthest_;
};

absl::StatusOr<std::vector<S3Piece>> TryAdoptRun(ObjectStore& store, const S3Layout& layout, const std::string& folder,
                                                 const S3RunBase& base, const std::string& about, bool* ahead) {
  if (ahead != nullptr) *ahead = false;
  ASSIGN_OR_RETURN(const std::vector<S3Piece> pieces, ListPieces(store, layout, folder));
  RunBuilder run(store, base, about, ahead);
  for (const S3Piece& piece : pieces) RETURN_IF_ERROR(run.Add(piece));
  RETURN_IF_ERROR(run.End());
  return run.Take();
}

}  // namespace

absl::StatusOr<std::vector<S3Piece>> AdoptRun(ObjectStore& store, const S3Layout& layout, const std::string& folder,
                                              const S3RunBase& base, const std::string& about, bool* ahead) {
  return ReadIntact([&] { return TryAdoptRun(store, layout, folder, base, about, ahead); });
}

absl::Status DeleteLateArrivals(ObjectStore& store, const S3Layout& layout, const std::string& folder, uint64_t from,
                                const std::string& about) {
  ObjectStore::ListOptions options;
  options.prefix = folder;
  options.after = S3Layout::KeyBefore(folder, from);
  ASSIGN_OR_RETURN(const ObjectStore::Listing listing, store.List(options));
  LateArrivals late(store, about);
  for (const ObjectInfo& object : listing.objects) {
    S3Piece piece;
    piece.key = object.key;
    piece.name = object.key.substr(folder.size());
    if (layout.ParseName(piece.name, &piece.start, &piece.end)) RETURN_IF_ERROR(late.Add(piece));
  }
  return absl::OkStatus();
}

absl::Status DeleteSuperseded(ObjectStore& store, const std::string& key, uint64_t generation,
                              const std::string& about) {
  // What is deleted is gone: one answer, which a flipped byte may have changed, is not enough.
  const absl::StatusOr<S3ObjectTags> tags = HeadTags(store, key);
  if (IsNoObject(tags.status())) return absl::OkStatus();
  RETURN_IF_ERROR(tags.status());
  if (tags->generation >= generation) {
    return MakeError(absl::StatusCode::kUnavailable, "S3_UNAVAILABLE",
                     absl::StrCat("the store answers differently when it is asked again who put ", key));
  }
  Log(LogLevel::kWarning, about,
      absl::StrCat("deleting ", key, ": put by an earlier owner of the prefix that had lost it"));
  return store.Delete(key);
}

}  // namespace binlogd
