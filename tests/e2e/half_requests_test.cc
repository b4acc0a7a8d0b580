// Clients that send half of a large request and then no more.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "tests/fault/binlogd_process.h"
#include "tests/harness/temp_dir.h"
#include "tests/integration/streamer_testing.h"

namespace binlogd::testing {
namespace {

constexpr size_t kLargest = 4 << 20;
constexpr size_t kHalf = kLargest / 2;
constexpr size_t kFrameHead = 9;

// HTTP/2 (RFC 9113), as little of it as one call takes.
enum class Frame : uint8_t { kData = 0, kHeaders = 1, kReset = 3, kSettings = 4, kPing = 6, kGoAway = 7, kWindow = 8 };

std::string Number(uint32_t number) {
  const uint32_t bytes = htonl(number);
  return std::string(reinterpret_cast<const char*>(&bytes), sizeof(bytes));
}

uint32_t NumberAt(absl::string_view bytes, size_t at) {
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) number = number << 8 | static_cast<unsigned char>(bytes[at + i]);
  return number;
}

std::string MakeFrame(Frame type, uint8_t flags, uint32_t stream, absl::string_view payload) {
  return absl::StrCat(Number(static_cast<uint32_t>(payload.size())).substr(1), std::string(1, static_cast<char>(type)),
                      std::string(1, static_cast<char>(flags)), Number(stream), payload);
}

std::string Text(absl::string_view text) { return absl::StrCat(std::string(1, static_cast<char>(text.size())), text); }

// A connection on which one call is half sent, as fast as the server's windows allow.
class HalfRequest {
 public:
  explicit HalfRequest(int port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    EXPECT_EQ(connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
    // POST, http, and the fields that have no index (RFC 7541, section 6.2.2).
    const std::string headers =
        absl::StrCat("\x83\x86\x04", Text("/binlogd.v1.StreamerService/Create"), "\x01", Text("localhost"), "\x0f\x10",
                     Text("application/grpc"), absl::string_view("\0", 1), Text("te"), Text("trailers"));
    output_ = absl::StrCat("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", MakeFrame(Frame::kSettings, 0, 0, ""),
                           MakeFrame(Frame::kHeaders, 4, 1, headers));
    // What the message of the call begins with: not compressed, and its size.
    body_ = absl::StrCat(absl::string_view("\0", 1), Number(kLargest - 1));
  }

  pollfd Poll() const {
    return {ended_ ? -1 : socket_.get(), static_cast<short>(POLLIN | (Pending() ? POLLOUT : 0)), 0};
  }
  bool ended() const { return ended_; }

  // Sends and receives what can be.
  void Go() {
    Receive();
    while (!ended_ && Pending()) {
      if (output_.empty()) AddData();
      const ssize_t written = send(socket_.get(), output_.data(), output_.size(), MSG_NOSIGNAL);
      if (written < 0) {
        ended_ = errno != EAGAIN;
        return;
      }
      output_.erase(0, static_cast<size_t>(written));
    }
  }

 private:
  bool Pending() const { return !output_.empty() || (sent_ < kHalf && std::min(window_, stream_window_) > 0); }

  void AddData() {
    const int64_t size = std::min<int64_t>({16384, window_, stream_window_, static_cast<int64_t>(kHalf - sent_)});
    std::string data = std::exchange(body_, "").substr(0, static_cast<size_t>(size));
    data.resize(static_cast<size_t>(size), 'x');
    output_ = MakeFrame(Frame::kData, 0, 1, data);
    window_ -= size;
    stream_window_ -= size;
    sent_ += data.size();
  }

  void Receive() {
    char buffer[16384];
    for (;;) {
      const ssize_t got = recv(socket_.get(), buffer, sizeof(buffer), 0);
      if (got <= 0) {
        ended_ = ended_ || got == 0 || errno != EAGAIN;
        break;
      }
      input_.append(buffer, static_cast<size_t>(got));
    }
    while (input_.size() >= kFrameHead) {
      const size_t size = NumberAt(input_, 0) >> 8;
      if (input_.size() < kFrameHead + size) return;
      Take(static_cast<Frame>(input_[3]), static_cast<uint8_t>(input_[4]), NumberAt(input_, 5),
           input_.substr(kFrameHead, size));
      input_.erase(0, kFrameHead + size);
    }
  }

  void Take(Frame type, uint8_t flags, uint32_t stream, const std::string& payload) {
    const bool acknowledges = (flags & 1) != 0;
    if (type == Frame::kWindow) (stream == 0 ? window_ : stream_window_) += NumberAt(payload, 0);
    if (type == Frame::kReset || type == Frame::kGoAway || (type == Frame::kHeaders && acknowledges)) ended_ = true;
    if (type == Frame::kPing && !acknowledges) output_ += MakeFrame(Frame::kPing, 1, 0, payload);
    if (type != Frame::kSettings || acknowledges) return;
    for (size_t at = 0; at + 6 <= payload.size(); at += 6) {
      const bool is_window = payload[at] == 0 && payload[at + 1] == 4;
      if (!is_window) continue;
      stream_window_ += static_cast<int64_t>(NumberAt(payload, at + 2)) - initial_window_;
      initial_window_ = NumberAt(payload, at + 2);
    }
    output_ += MakeFrame(Frame::kSettings, 1, 0, "");
  }

  FileDescriptor socket_;
  std::string output_;
  std::string input_;
  std::string body_;
  int64_t window_ = 65535;
  int64_t stream_window_ = 65535;
  int64_t initial_window_ = 65535;
  size_t sent_ = 0;
  bool ended_ = false;
};

// In bytes: "VmRSS", or "VmHWM" for the most there ever was.
uint64_t Memory(const BinlogdProcess& binlogd, const std::string& field) {
  const std::string status = ReadWholeFile(absl::StrCat("/proc/", binlogd.pid(), "/status")).value_or("");
  for (const absl::string_view line : absl::StrSplit(status, '\n')) {
    unsigned long long kib = 0;
    if (std::sscanf(std::string(line).c_str(), (field + ": %llu").c_str(), &kib) == 1) return kib << 10;
  }
  ADD_FAILURE() << "no " << field;
  return 0;
}

int PortOf(const BinlogdProcess& binlogd) { return std::atoi(std::string(binlogd.address().substr(10)).c_str()); }

TEST(HalfRequestsTest, AreEndedUntilTheRestFitsIntoWhatTheServerGrants) {
  // 400 MiB in all.
  constexpr int kConnections = 200;
  constexpr uint64_t kGranted = 128 << 20;
  const TempDir directory;
  const BinlogdProcess binlogd(directory / "state");
  ASSERT_EQ(binlogd.Control({"get"}).exit_code, 0);
  const uint64_t before = Memory(binlogd, "VmRSS");
  std::vector<std::unique_ptr<HalfRequest>> requests;
  for (int i = 0; i < kConnections; ++i) requests.push_back(std::make_unique<HalfRequest>(PortOf(binlogd)));
  // What was sent may wait in the system's buffers: all has come when neither side has anything to do for a while.
  for (int idle = 0; idle < 3;) {
    std::vector<pollfd> polled;
    for (const auto& request : requests) polled.push_back(request->Poll());
    idle = poll(polled.data(), polled.size(), 500) == 0 ? idle + 1 : 0;
    for (const auto& request : requests) request->Go();
  }
  const uint64_t grown = Memory(binlogd, "VmHWM") - before;
  const auto ended =
      std::count_if(requests.begin(), requests.end(), [](const auto& request) { return request->ended(); });
  std::printf("%d half requests of %zu bytes: the server ended %td, and grew by %.0f MiB\n", kConnections, kHalf, ended,
              static_cast<double>(grown) / (1 << 20));
  // The peak depends on how fast all of it comes; what stays does not.
  EXPECT_LE((kConnections - static_cast<uint64_t>(ended)) * kHalf, kGranted);
  // Others are served meanwhile, and after it.
  EXPECT_EQ(binlogd.Control({"get", "--timeout", "20s"}).exit_code, 0);
  requests.clear();
  EXPECT_EQ(binlogd.Control({"get", "--timeout", "20s"}).exit_code, 0);
}

}  // namespace
}  // namespace binlogd::testing
