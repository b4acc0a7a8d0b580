// A binary JSON document.
#include <cstdlib>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "binlog/json_binary.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::unique_ptr<char[]> block(new char[size]);
  std::memcpy(block.get(), data, size);
  std::string text;
  const absl::Status status = binlogd::AppendJsonDocument(absl::string_view(block.get(), size), &text);
  if (status.ok() ? !nlohmann::json::accept(text) : status.code() != absl::StatusCode::kDataLoss) std::abort();
  // Parts that overlap must not make a document grow without end.
  if (text.size() > 1024 + 64 * size) std::abort();
  return 0;
}
