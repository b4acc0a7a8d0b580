#include "target/s3_run.h"

#include "absl/strings/str_cat.h"
#include "base/logging.h"
#include "base/status_macros.h"

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
  RunBuilder(ObjectStore& store, const S3RunBase& base, const std::string& about)
      : store_(store), base_(base), about_(about) {}

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
      RETURN_IF_ERROR(DeleteSuperseded(store_, run_.back().key, about_));
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

  absl::Status AddBehindHole(const S3Piece& piece) {
    ASSIGN_OR_RETURN(const bool superseded, IsSuperseded(piece));
    if (superseded) return DeleteSuperseded(store_, piece.key, about_);
    return ObjectsDamaged(
        absl::StrCat("the object that follows ", run_.back().key, " is missing: the next one is ", piece.key));
  }

  // Of two that begin at one place the one of the later owner counts; of what else overlaps, the one in the run, which
  // must be of the later owner.
  absl::Status AddOverlap(const S3Piece& piece) {
    ASSIGN_OR_RETURN(const S3ObjectTags had, HeadTags(store_, run_.back().key));
    ASSIGN_OR_RETURN(const S3ObjectTags has, HeadTags(store_, piece.key));
    if (has.generation < had.generation) return DeleteSuperseded(store_, piece.key, about_);
    if (has.generation > had.generation && piece.start == run_.back().start) {
      RETURN_IF_ERROR(DeleteSuperseded(store_, run_.back().key, about_));
      run_.back() = piece;
      return absl::OkStatus();
    }
    return ObjectsDamaged(absl::StrCat(piece.key, " and ", run_.back().key, " overlap"));
  }

  ObjectStore& store_;
  const S3RunBase base_;
  const std::string& about_;
  std::vector<S3Piece> run_;
};

}  // namespace

absl::StatusOr<std::vector<S3Piece>> AdoptRun(ObjectStore& store, const S3Layout& layout, const std::string& folder,
                                              const S3RunBase& base, const std::string& about) {
  ASSIGN_OR_RETURN(const std::vector<S3Piece> pieces, ListPieces(store, layout, folder));
  RunBuilder run(store, base, about);
  for (const S3Piece& piece : pieces) RETURN_IF_ERROR(run.Add(piece));
  RETURN_IF_ERROR(run.End());
  return run.Take();
}

absl::Status DeleteSuperseded(ObjectStore& store, const std::string& key, const std::string& about) {
  Log(LogLevel::kWarning, about,
      absl::StrCat("deleting ", key, ": put by an earlier owner of the prefix that had lost it"));
  return store.Delete(key);
}

}  // namespace binlogd
