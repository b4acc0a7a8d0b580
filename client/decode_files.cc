#include "client/decode_files.h"

#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "archive/tracked_log.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "binlog/decoder.h"
#include "binlog/event_error.h"
#include "client/progress.h"

namespace binlogd {
namespace {

constexpr size_t kWriteSize = 1 << 20;

// One run over all files. Not thread-safe.
class FileDecoder {
 public:
  FileDecoder(const DecodeOptions& options, Output* output)
      : options_(options),
        output_(output),
        selector_(options.selection),
        filter_(options.filter),
        progress_(options.paths) {}

  absl::Status Run() {
    const absl::Status status = DecodeAll();
    if (encoder_ != nullptr) encoder_->Finish(&records_);
    Flush();
    progress_.Clear();
    const std::string unmet = selector_.unmet_stop();
    if (status.ok() && !unmet.empty() && !output_->closed()) output_->Message(unmet);
    return status;
  }

 private:
  using Verdict = LogSelector::Verdict;

  bool Enough() const { return selector_.done() || output_->closed() || !output_->status().ok(); }

  absl::Status DecodeAll() {
    for (size_t i = 0; i < options_.paths.size() && !Enough(); ++i) {
      selector_.BeginFile(i == 0, i + 1 == options_.paths.size());
      decoder_.reset();
      ASSIGN_OR_RETURN(TrackedLog log, TrackedLog::Open(options_.paths[i], options_.file));
      RETURN_IF_ERROR(DecodeFile(&log));
      progress_.EndFile(options_.paths[i]);
    }
    return absl::OkStatus();
  }

  absl::Status DecodeFile(TrackedLog* log) {
    LogFileEvent event;
    while (!Enough()) {
      // What is there is seen before the next bytes are waited for.
      if (records_.values.size() >= kWriteSize || !log->file().next_is_buffered()) Flush();
      ASSIGN_OR_RETURN(const bool more, log->Next(&event));
      if (!more) return Annotate(selector_.EndFile(log->file().offset()), log->file().path());
      progress_.Show(log->file());
      RETURN_IF_ERROR(TakeEvent(log, event));
    }
    return absl::OkStatus();
  }

  absl::Status TakeEvent(TrackedLog* log, const LogFileEvent& event) {
    absl::StatusOr<Verdict> place = selector_.Place(event);
    if (!place.ok()) return Annotate(place.status(), log->file().path());
    if (*place == Verdict::kStop) return absl::OkStatus();
    std::shared_ptr<const std::vector<std::string>> context;
    if (*place == Verdict::kTake && !begun_) {
      begun_ = true;
      if (!log->tracker().at_boundary()) context = log->tracker().context();
    }
    RETURN_IF_ERROR(log->Track(event));
    absl::StatusOr<Verdict> transaction = selector_.Transaction(event, *log);
    if (!transaction.ok()) return Annotate(transaction.status(), log->file().path());
    const bool is_format = event.header.type == EventType::kFormatDescription;
    if (is_format) BeginFormat(log->file().flavor());
    if (*place != Verdict::kTake || *transaction != Verdict::kTake) return absl::OkStatus();
    if (decoder_ == nullptr) {
      decoder_ = std::make_unique<EventDecoder>(log->file().flavor(), is_format ? nullptr : log->tracker().format());
    }
    // The decoder must know what is in force where the selection begins inside a transaction.
    if (context != nullptr) {
      for (const std::string& before : *context) RETURN_IF_ERROR(Deliver(*log, event, before, false));
    }
    return Deliver(*log, event, event.bytes, true);
  }

  // What a format description says holds for the events after it.
  void BeginFormat(Flavor flavor) {
    decoder_.reset();
    if (encoder_ != nullptr && encoder_flavor_ == flavor) return;
    if (encoder_ != nullptr) encoder_->Finish(&records_);
    EncoderOptions options = options_.encoder;
    options.flavor = encoder_flavor_ = flavor;
    encoder_ = MakeEventEncoder(options_.format, options);
  }

  // Decodes `bytes`, which are the event's or stand for what came before it.
  absl::Status Deliver(const TrackedLog& log, const LogFileEvent& event, absl::string_view bytes, bool wanted) {
    const EventPlace place{log.file().name(), wanted ? event.end() : 0};
    const DecodedEvent* decoded = nullptr;
    absl::Status status = decoder_->Feed(bytes, &decoded);
    while (status.ok() && decoded != nullptr) {
      status = encoder_->Append(*decoded, place, wanted && filter_.Passes(*decoded), &records_);
      if (status.ok() && records_.values.size() >= kWriteSize) Flush();
      if (status.ok()) status = decoder_->Next(&decoded);
    }
    return status.ok() ? status : EventError(log.file().path(), event.offset, event.header.type, status);
  }

  void Flush() {
    if (!records_.values.empty()) output_->Write(records_.values);
    records_.values.clear();
  }

  const DecodeOptions& options_;
  Output* const output_;
  LogSelector selector_;
  const EventFilter filter_;
  std::unique_ptr<EventEncoder> encoder_;  // From the first format description on.
  Flavor encoder_flavor_ = Flavor::kMySql;
  Progress progress_;
  std::unique_ptr<EventDecoder> decoder_;
  RecordBuffer records_;
  bool begun_ = false;  // An event at or behind the start position was met.
};

}  // namespace

absl::Status DecodeFiles(const DecodeOptions& options, Output* output) { return FileDecoder(options, output).Run(); }

}  // namespace binlogd
