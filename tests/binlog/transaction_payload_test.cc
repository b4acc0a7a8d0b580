#include "binlog/transaction_payload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "base/error.h"
#include "tests/binlog/events.h"
#include "tests/binlog/zstd.h"

namespace binlogd {
namespace {

const std::string kEvents = MakeQuery("BEGIN") + MakeTableMap() + MakeWriteRows(42) + MakeXid();

// The events of a payload, one after the other, or what is wrong with it.
std::string Read(TransactionPayload* payload, const std::string& body) {
  std::string all;
  absl::Status status = payload->Open(body);
  while (status.ok()) {
    absl::string_view event;
    status = payload->Next(&event);
    if (!status.ok()) break;
    if (event.empty()) return all;
    absl::StrAppend(&all, event);
  }
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_EQ(ErrorReason(status), "EVENT_MALFORMED");
  return absl::StrCat("error: ", status.message());
}
std::string Read(const std::string& body) {
  TransactionPayload payload;
  return Read(&payload, body);
}
bool Fails(const std::string& body) { return absl::StartsWith(Read(body), "error: "); }

TEST(TransactionPayloadTest, CompressedOrNot) {
  EXPECT_EQ(Read(MakePayloadBody(Zstd(kEvents), 0, kEvents.size())), kEvents);
  EXPECT_EQ(Read(MakePayloadBody(kEvents, 255, kEvents.size())), kEvents);
  EXPECT_EQ(Read(MakePayloadBody(Zstd(kEvents, 22), 0, kEvents.size())), kEvents);
  EXPECT_EQ(Read(MakePayloadBody(Zstd(""), 0, 0)), "");
}

TEST(TransactionPayloadTest, FieldsInAnyOrderAndUnknownOnes) {
  const std::string compressed = Zstd(kEvents);
  const std::string size = absl::StrCat(Little(1, 1), Little(3, 1), "\xfc", Little(compressed.size(), 2));
  ASSERT_EQ(Read(absl::StrCat(size, Little(200, 1), Little(3, 1), "abc", FromHex("020100"), Little(0, 1), compressed)),
            kEvents)
      << "without the size uncompressed";
  EXPECT_TRUE(Fails(absl::StrCat(size, Little(0, 1), compressed))) << "without a compression";
  EXPECT_TRUE(Fails(absl::StrCat(FromHex("020100"), Little(0, 1), compressed))) << "without a size";
  EXPECT_TRUE(Fails(absl::StrCat(size, FromHex("020101"), Little(0, 1), compressed))) << "unknown compression";
  EXPECT_TRUE(Fails(absl::StrCat(size, FromHex("02020000"), Little(0, 1), compressed))) << "a field that is too long";
  EXPECT_TRUE(Fails(absl::StrCat(size, FromHex("020100")))) << "no end of the fields";
  EXPECT_TRUE(Fails(""));
}

TEST(TransactionPayloadTest, LyingSizes) {
  const std::string compressed = Zstd(kEvents);
  for (const uint64_t stated : {uint64_t{0}, uint64_t{10}, kEvents.size() - 1, kEvents.size() + 1, uint64_t{1} << 40}) {
    EXPECT_TRUE(Fails(MakePayloadBody(compressed, 0, stated))) << stated;
  }
  const std::string body = MakePayloadBody(compressed, 0, kEvents.size());
  EXPECT_TRUE(Fails(body + "x")) << "bytes behind it";
  EXPECT_TRUE(Fails(body.substr(0, body.size() - 1)));
  EXPECT_TRUE(Fails(MakePayloadBody(compressed + "garbage", 0, kEvents.size())));
  EXPECT_TRUE(Fails(MakePayloadBody(Zstd(kEvents + "x"), 0, kEvents.size() + 1))) << "half an event";
  std::string huge = kEvents;
  huge.replace(9, 4, "\xff\xff\xff\xff");
  EXPECT_TRUE(Fails(MakePayloadBody(Zstd(huge), 0, huge.size())));
  EXPECT_TRUE(Fails(MakePayloadBody(huge, 255, huge.size())));
  // Not too large: an update of a row of 600 MB, which is logged with both images.
  huge.replace(9, 4, Little(1200000051, 4));
  EXPECT_THAT(Read(MakePayloadBody(Zstd(huge), 0, uint64_t{1} << 31)), ::testing::HasSubstr("ends inside an event"));
}

TEST(TransactionPayloadTest, EveryTruncationOfWhatIsCompressed) {
  const std::string compressed = Zstd(kEvents);
  for (size_t size = 0; size < compressed.size(); ++size) {
    EXPECT_TRUE(Fails(MakePayloadBody(compressed.substr(0, size), 0, kEvents.size()))) << size;
  }
}

TEST(TransactionPayloadTest, CanBeUsedAgainAfterAnError) {
  TransactionPayload payload;
  const std::string good = MakePayloadBody(Zstd(kEvents), 0, kEvents.size());
  std::string bad = Zstd(kEvents);
  bad.resize(bad.size() / 2);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Read(&payload, good), kEvents);
    EXPECT_TRUE(absl::StartsWith(Read(&payload, MakePayloadBody(bad, 0, kEvents.size())), "error: "));
  }
}

TEST(TransactionPayloadTest, AWindowBeyondThatOfTheServersIsRefused) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ASSERT_FALSE(ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 30)));
  ASSERT_FALSE(ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0)));
  std::string out(1 << 16, '\0');
  ZSTD_inBuffer in = {kEvents.data(), kEvents.size(), 0};
  ZSTD_outBuffer to = {out.data(), out.size(), 0};
  // In two steps, so that the frame cannot tell its size.
  ASSERT_FALSE(ZSTD_isError(ZSTD_compressStream2(context, &to, &in, ZSTD_e_flush)));
  ASSERT_EQ(ZSTD_compressStream2(context, &to, &in, ZSTD_e_end), 0u);
  ZSTD_freeCCtx(context);
  out.resize(to.pos);
  EXPECT_NE(Read(MakePayloadBody(out, 0, kEvents.size())).find("cannot be uncompressed"), std::string::npos);
}

// A gigabyte that comes from a few kilobytes passes event by event.
TEST(TransactionPayloadTest, ALargeTransactionIsNeverWholeInMemory) {
  constexpr int kCount = 1024;
  ZstdStream stream;
  const std::string event = MakeEvent(EventType::kWriteRows, std::string((1 << 20) - kEventHeaderSize, '\0'));
  for (int i = 0; i < kCount; ++i) stream.Append(event);
  const std::string compressed = stream.Finish();
  ASSERT_LT(compressed.size(), 1u << 20);
  const std::string body = MakePayloadBody(compressed, 0, stream.size());
  TransactionPayload payload;
  ASSERT_TRUE(payload.Open(body).ok());
  for (int i = 0; i < kCount; ++i) {
    absl::string_view inner;
    ASSERT_TRUE(payload.Next(&inner).ok());
    ASSERT_EQ(inner.size(), event.size());
  }
  absl::string_view inner;
  ASSERT_TRUE(payload.Next(&inner).ok());
  EXPECT_TRUE(inner.empty());
  EXPECT_EQ(payload.event_count(), uint64_t{kCount});
}

}  // namespace
}  // namespace binlogd
