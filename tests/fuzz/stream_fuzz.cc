#include "tests/fuzz/stream_fuzz.h"

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_split.h"
#include "tests/fuzz/fuzz_events.h"

namespace binlogd::fuzz {
namespace {

constexpr uint64_t kEndOffset = 1000;

[[noreturn]] void Fail(absl::string_view what) {
  std::cerr << what << "\n";
  std::abort();
}

void CheckError(const absl::Status& status) {
  if (status.code() != absl::StatusCode::kDataLoss) Fail(status.ToString());
}

EventFormat FormatAt(size_t i) { return static_cast<EventFormat>(i); }

}  // namespace

StreamFuzzer::StreamFuzzer(Flavor flavor) : tracker_(flavor), decoder_(flavor, nullptr) {
  EncoderOptions options;
  options.source_name = "fuzz";
  options.flavor = flavor;
  for (size_t i = 0; i < encoders_.size(); ++i) encoders_[i] = MakeEventEncoder(FormatAt(i), options);
  Feed(MakeFuzzFormat(flavor));
}

void StreamFuzzer::Feed(absl::string_view event) {
  // A block of its own size, so that reading past its end is noticed.
  const std::unique_ptr<char[]> block(new char[event.size()]);
  std::memcpy(block.get(), event.data(), event.size());
  const absl::string_view bytes(block.get(), event.size());
  const auto header = ParseEventHeader(bytes);
  if (header.ok()) {
    bool ends = false;
    const absl::Status status = tracker_.Take(*header, bytes, &ends);
    if (!status.ok()) CheckError(status);
  }
  const DecodedEvent* decoded = nullptr;
  absl::Status status = decoder_.Feed(bytes, &decoded);
  while (status.ok() && decoded != nullptr) {
    Encode(*decoded);
    status = decoder_.Next(&decoded);
  }
  if (!status.ok()) CheckError(status);
}

void StreamFuzzer::Encode(const DecodedEvent& event) {
  for (size_t i = 0; i < encoders_.size(); ++i) {
    records_ = RecordBuffer(true);
    const absl::Status status = encoders_[i]->Append(event, {"binlog.000001", kEndOffset}, true, &records_);
    if (status.ok()) {
      CheckOutput(FormatAt(i), records_);
      continue;
    }
    CheckError(status);
    if (!records_.values.empty() || records_.count != 0) Fail("an event that failed was written");
  }
}

void StreamFuzzer::CheckOutput(EventFormat format, const RecordBuffer& records) {
  if (format == EventFormat::kProtobuf || records.values.empty()) return;
  if (records.values.back() != '\n') Fail("the last record has no end");
  size_t lines = 0;
  for (const absl::string_view line : absl::StrSplit(records.values, '\n', absl::SkipEmpty())) {
    ++lines;
    if (!nlohmann::json::accept(line.begin(), line.end())) Fail("a record is no JSON");
  }
  if (lines != records.count) Fail("the number of records is wrong");
}

void StreamFuzzer::Finish() {
  for (size_t i = 0; i < encoders_.size(); ++i) {
    records_ = RecordBuffer(true);
    encoders_[i]->Finish(&records_);
    CheckOutput(FormatAt(i), records_);
  }
}

}  // namespace binlogd::fuzz
