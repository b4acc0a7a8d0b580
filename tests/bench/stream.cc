// One ONESHOT streamer with one target, as binlogd runs it, to its end.
//
//   bench_stream mysql|mariadb HOST:PORT USER PASSWORD raw|json DIRECTORY
#include <iostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/allocator.h"
#include "base/logging.h"
#include "streamer/streamer.h"

namespace binlogd {
namespace {

int Main(int argc, char** argv) {
  if (argc != 7) {
    std::cerr << "usage: bench_stream mysql|mariadb HOST:PORT USER PASSWORD raw|json DIRECTORY\n";
    return 2;
  }
  const std::string directory = argv[6];
  StreamerSpec spec;
  spec.name = "bench";
  spec.oneshot = true;
  spec.source.flavor = std::string(argv[1]) == "mariadb" ? Flavor::kMariaDb : Flavor::kMySql;
  spec.source.endpoints = {argv[2]};
  spec.source.user = argv[3];
  spec.source.password = {Secret::Kind::kValue, argv[4]};
  spec.source.tls.mode = TlsMode::kDisabled;
  TargetSpec target;
  target.name = "target";
  target.file()->path = absl::StrCat(directory, "/target");
  target.file()->format = std::string(argv[5]) == "json" ? std::optional(EventFormat::kJson) : std::nullopt;
  spec.targets = {target};
  SetLogLevel(LogLevel::kWarning);

  Streamer streamer(spec, absl::StrCat(directory, "/checkpoint.json"));
  absl::Status status = streamer.Start();
  if (status.ok()) {
    streamer.WaitStopped(absl::InfiniteFuture());
    const StreamerSnapshot snapshot = streamer.Snapshot();
    status = snapshot.error;
    if (status.ok() && snapshot.state != StreamerState::kFinished) status = absl::InternalError("it did not finish");
    std::cout << snapshot.bytes_read << "\n";
  }
  if (status.ok()) return 0;
  std::cerr << "bench_stream: " << status.message() << "\n";
  return 1;
}

}  // namespace
}  // namespace binlogd

int main(int argc, char** argv) {
  binlogd::TuneAllocator();
  return binlogd::Main(argc, argv);
}
