#include "streamer/store.h"

#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/logging.h"
#include "base/regular_file.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;

absl::Status CheckVersion(const std::string& state_dir) {
  const std::string path = absl::StrCat(state_dir, "/version");
  const absl::StatusOr<std::string> text = ReadWholeFile(path, 64);
  if (absl::IsNotFound(text.status())) return ReplaceFile(path, absl::StrCat(kVersion, "\n"), 0640);
  RETURN_IF_ERROR(text.status());
  int version = 0;
  if (!absl::SimpleAtoi(*text, &version) || version < 1) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "STATE_DIR_UNUSABLE",
                     absl::StrCat(path,
                                  " does not hold a version; if this is binlogd's state directory, remove that "
                                  "file, which is then written anew"));
  }
  if (version <= kVersion) return absl::OkStatus();
  return MakeError(
      absl::StatusCode::kFailedPrecondition, "STATE_DIR_TOO_NEW",
      absl::StrCat(path, " says that a newer binlogd wrote this directory (version ", version,
                   "); this one knows version ", kVersion, ": run the newer one, or name another --state-dir"));
}

// What the system says against the directory.
absl::Status Unusable(const absl::Status& status, const std::string& state_dir) {
  if (status.ok() || ErrorReason(status) != absl::StatusCodeToString(status.code())) return status;
  const bool full = absl::IsResourceExhausted(status);
  return MakeError(status.code(), "STATE_DIR_UNUSABLE",
                   absl::StrCat("the state directory ", state_dir, " cannot be used: ", status.message(),
                                full ? "; make room, or name another --state-dir"
                                     : "; let binlogd's user write there, or name another --state-dir"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const std::string& state_dir, const SpecCodec* codec) {
  RETURN_IF_ERROR(Unusable(MakeDirectories(absl::StrCat(state_dir, "/streamers"), 0750), state_dir));
  absl::StatusOr<FileLock> lock =
      FileLock::Acquire(absl::StrCat(state_dir, "/lock"), absl::StrCat("binlogd, process ", getpid()));
  if (!lock.ok()) {
    if (!absl::IsFailedPrecondition(lock.status())) return Unusable(lock.status(), state_dir);
    return MakeError(absl::StatusCode::kFailedPrecondition, "STATE_DIR_IN_USE",
                     absl::StrCat(lock.status().message(), "; end that one, or name another --state-dir"));
  }
  RETURN_IF_ERROR(Unusable(CheckVersion(state_dir), state_dir));
  return std::unique_ptr<Store>(new Store(state_dir, codec, *std::move(lock)));
}

std::string Store::streamers_directory() const { return absl::StrCat(state_dir_, "/streamers"); }

std::string Store::Directory(const std::string& name) const { return absl::StrCat(streamers_directory(), "/", name); }

std::string Store::CheckpointPath(const std::string& name) const {
  return absl::StrCat(Directory(name), "/checkpoint.json");
}

absl::StatusOr<std::vector<StreamerRecord>> Store::Load(std::map<std::string, absl::Status>* left_out) const {
  std::vector<StreamerRecord> records;
  std::error_code error;
  const std::string folder = streamers_directory();
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    std::error_code unknown;
    if (!entry->is_directory(unknown)) {
      Log(LogLevel::kWarning, "server",
          absl::StrCat(entry->path().string(), " is no streamer's folder; it is left alone"));
      continue;
    }
    absl::StatusOr<StreamerRecord> record = Read(name);
    if (record.ok()) {
      records.push_back(*std::move(record));
    } else if (!absl::IsNotFound(record.status())) {
      Log(LogLevel::kError, "server", absl::StrCat("streamer \"", name, "\" is left out: ", record.status().message()));
      if (left_out != nullptr) left_out->emplace(name, record.status());
    }
  }
  if (error) return SystemError(error.value(), absl::StrCat("cannot list ", folder));
  return records;
}

absl::StatusOr<StreamerRecord> Store::Read(const std::string& name) const {
  const std::string path = absl::StrCat(Directory(name), "/streamer.json");
  ASSIGN_OR_RETURN(const std::string bytes, ReadRegularFile(path));
  const Json json = Json::parse(bytes, nullptr, /*allow_exceptions=*/false);
  const auto damaged = [&path](absl::string_view why) {
    return absl::DataLossError(
        absl::StrCat(path, " is damaged (", why, "); mend it or apply the streamer's spec anew"));
  };
  if (json.is_discarded()) return damaged(bytes.empty() ? "it is empty" : "it is not JSON, or was cut");
  try {
    StreamerRecord record;
    record.desired_running = json.at("desired_state").get<std::string>() == "RUNNING";
    record.generation = json.at("generation").get<uint64_t>();
    record.created = absl::FromUnixMillis(json.at("created_ms").get<int64_t>());
    if (const auto request = json.find("create_request"); request != json.end()) {
      record.creation.id = request->at("id").get<std::string>();
      record.creation.digest = absl::HexStringToBytes(request->at("digest").get<std::string>());
    }
    record.creation.declared_in = json.value("declared_in", "");
    ASSIGN_OR_RETURN(record.spec, codec_->Decode(json.at("spec").dump()));
    if (record.spec.name != name) return damaged("it holds another streamer");
    RETURN_IF_ERROR(CheckSpec(record.spec));
    return record;
  } catch (const nlohmann::json::exception&) {
    return damaged("a field is missing, or holds what it cannot");
  }
}

absl::Status Store::Put(const StreamerRecord& record) const {
  const std::string directory = Directory(record.spec.name);
  RETURN_IF_ERROR(MakeDirectories(directory, 0750));
  Json json = {{"version", kVersion},
               {"desired_state", record.desired_running ? "RUNNING" : "STOPPED"},
               {"generation", record.generation},
               {"created_ms", absl::ToUnixMillis(record.created)},
               {"spec", Json::parse(codec_->Encode(record.spec), nullptr, /*allow_exceptions=*/false)}};
  if (!record.creation.id.empty()) {
    json["create_request"] = {{"id", record.creation.id}, {"digest", absl::BytesToHexString(record.creation.digest)}};
  }
  if (!record.creation.declared_in.empty()) json["declared_in"] = record.creation.declared_in;
  return ReplaceFile(absl::StrCat(directory, "/streamer.json"),
                     json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n", 0600);
}

absl::Status Store::Remove(const std::string& name) const {
  const std::string directory = Directory(name);
  // The record goes first: without it the streamer is gone, whatever else a crash leaves.
  if (unlink(absl::StrCat(directory, "/streamer.json").c_str()) != 0 && errno != ENOENT) {
    return SystemError(errno, absl::StrCat("cannot remove ", directory, "/streamer.json"));
  }
  RETURN_IF_ERROR(SyncDirectory(directory));
  std::error_code error;
  std::filesystem::remove_all(directory, error);
  return absl::OkStatus();
}

}  // namespace binlogd
