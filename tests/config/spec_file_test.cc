#include "config/spec_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/error.h"
#include "tests/config/spec_example.h"

namespace binlogd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// The only spec of a text; an empty one, and a test failure, when it cannot be read.
v1::StreamerSpec ParseOne(const std::string& text) {
  const auto specs = ParseSpecs(text, "spec.yaml");
  EXPECT_TRUE(specs.ok()) << specs.status();
  if (!specs.ok()) return v1::StreamerSpec();
  EXPECT_EQ(specs->size(), 1u);
  return specs->front();
}

TEST(SpecFileTest, ReadsEveryField) {
  const v1::StreamerSpec spec = ParseOne(kFullSpec);
  EXPECT_EQ(spec.name(), "orders");
  EXPECT_EQ(spec.source().flavor(), v1::SourceSpec::MYSQL);
  EXPECT_THAT(spec.source().endpoints(), ElementsAre("db1:3306", "db2:3306"));
  EXPECT_EQ(spec.source().user(), "repl");
  EXPECT_EQ(spec.source().password().file(), "/etc/binlogd/secrets/orders");
  EXPECT_EQ(spec.source().server_id(), 999u);
  EXPECT_EQ(spec.source().tls().mode(), v1::TlsSpec::VERIFY_IDENTITY);
  EXPECT_EQ(spec.source().tls().ca_file(), "/etc/ca.pem");
  EXPECT_TRUE(spec.source().gtid());
  EXPECT_TRUE(spec.source().start().has_earliest());
  EXPECT_EQ(spec.mode(), v1::StreamerSpec::CONTINUOUS);
  EXPECT_THAT(spec.filter().tables(), ElementsAre("shop.order*"));
  EXPECT_THAT(spec.filter().events(), ElementsAre(v1::WRITE, v1::UPDATE, v1::DELETE, v1::QUERY));
  EXPECT_TRUE(spec.filter().include_ddl());
  EXPECT_EQ(spec.batch().max_events(), 1000u);
  EXPECT_EQ(spec.batch().max_bytes(), 10485760u);
  EXPECT_EQ(spec.batch().max_wait().seconds(), 5);
  EXPECT_TRUE(spec.checkpoint().enabled());
  EXPECT_EQ(spec.checkpoint().interval().seconds(), 10);
  ASSERT_EQ(spec.targets_size(), 5);
  EXPECT_EQ(spec.targets(0).file().format(), v1::RAW);
  EXPECT_EQ(spec.targets(1).name(), "changes");
  EXPECT_EQ(spec.targets(1).file().rotate_bytes(), 268435456u);
  EXPECT_FALSE(spec.targets(2).required());
  EXPECT_TRUE(spec.targets(2).start().has_current());
  EXPECT_EQ(spec.targets(2).s3().credentials().secret_access_key().env(), "S3_SECRET");
  EXPECT_EQ(spec.targets(2).s3().object_bytes(), 8u << 20);
  EXPECT_EQ(spec.targets(2).s3().tags().at("team"), "data");
  EXPECT_EQ(spec.targets(3).kafka().compression(), v1::KafkaTarget::LZ4);
  EXPECT_EQ(spec.targets(3).kafka().sasl().mechanism(), v1::KafkaSasl::SCRAM_SHA_512);
  EXPECT_EQ(spec.targets(3).kafka().properties().at("linger.ms"), "5");
  EXPECT_EQ(spec.targets(4).file().retention().max_age().seconds(), 30 * 86400);
}

TEST(SpecFileTest, MappingsOfNames) {
  EXPECT_EQ(ParseOne("targets: [{s3: {tags: {a: 1, b: yes}}}]").targets(0).s3().tags().at("b"), "yes");
  EXPECT_TRUE(ParseOne("targets: [{s3: {tags: }}]").targets(0).s3().tags().empty());
  const auto refused = ParseSpecs("targets: [{s3: {tags: {a: [1]}}}]", "spec.yaml");
  EXPECT_EQ(ErrorField(refused.status()), "targets[0].s3.tags.a");
  EXPECT_EQ(ErrorField(ParseSpecs("targets: [{s3: {tags: x}}]", "spec.yaml").status()), "targets[0].s3.tags");
}

TEST(SpecFileTest, ReadsJson) {
  const v1::StreamerSpec spec = ParseOne(
      "{\"name\": \"a\\u0062\",\n\t\"source\": {\"start\": {\"position\": {\"file\": \"b.1\", \"offset\": "
      "4294967296}}},"
      "\"batch\": {\"max_wait\": \"0.250s\", \"max_bytes\": \"4096\"}, \"filter\": {\"include_ddl\": false}}");
  EXPECT_EQ(spec.name(), "ab");
  EXPECT_EQ(spec.source().start().position().offset(), 4294967296u);
  EXPECT_EQ(spec.batch().max_wait().nanos(), 250000000);
  EXPECT_EQ(spec.batch().max_bytes(), 4096u);
  EXPECT_TRUE(spec.filter().has_include_ddl());
  EXPECT_FALSE(spec.filter().include_ddl());
}

TEST(SpecFileTest, ReadsSeveralDocumentsAndLists) {
  const auto documents = ParseSpecs("# first\nname: a\n---\n---\nname: b\n...\n---\n- name: c\n- name: d\n", "x");
  ASSERT_TRUE(documents.ok()) << documents.status();
  ASSERT_EQ(documents->size(), 4u);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ((*documents)[i].name(), std::string(1, static_cast<char>('a' + i)));
}

TEST(SpecFileTest, ReadsDurations) {
  const auto wait = [](const std::string& text) {
    return ParseOne("batch: {max_wait: " + text + "}").batch().max_wait();
  };
  EXPECT_EQ(wait("250ms").nanos(), 250000000);
  EXPECT_EQ(wait("1m").seconds(), 60);
  EXPECT_EQ(wait("1h30m").seconds(), 5400);
  EXPECT_EQ(wait("\"1.5s\"").nanos(), 500000000);
  EXPECT_EQ(wait("0").seconds(), 0);
}

TEST(SpecFileTest, ReadsSizesWithUnits) {
  EXPECT_EQ(ParseOne("batch: {max_bytes: 64KiB}").batch().max_bytes(), 65536u);
  EXPECT_EQ(ParseOne("batch: {max_bytes: 10 MiB}").batch().max_bytes(), 10485760u);
  EXPECT_EQ(ParseOne("targets: [{file: {rotate_bytes: 2GiB}}]").targets(0).file().rotate_bytes(), uint64_t{2} << 30);
}

TEST(SpecFileTest, EnumsComeInAnyCase) {
  EXPECT_EQ(ParseOne("source: {flavor: MariaDB}").source().flavor(), v1::SourceSpec::MARIADB);
}

TEST(SpecFileTest, NothingIsAnEmptyMessageOrLeftOut) {
  const v1::StreamerSpec spec = ParseOne("name: a\nfilter:\ntargets:\nsource: {start: {current: }}\n");
  EXPECT_TRUE(spec.source().start().has_current());
  EXPECT_FALSE(spec.has_filter());
  EXPECT_EQ(spec.targets_size(), 0);
}

TEST(SpecFileTest, TextsStayTexts) {
  EXPECT_EQ(ParseOne("source: {password: {value: 0123}}").source().password().value(), "0123");
  EXPECT_EQ(ParseOne("source: {password: {value: 'yes'}}").source().password().value(), "yes");
  EXPECT_EQ(ParseOne("source: {user: \"tab\\tüñ\"}").source().user(), "tab\tüñ");
}

struct BadSpec {
  const char* about;
  const char* text;
  const char* field;
  const char* reason;
  const char* message;
};

class BadSpecTest : public ::testing::TestWithParam<BadSpec> {};

TEST_P(BadSpecTest, IsRefusedByPathAndLine) {
  const auto specs = ParseSpecs(GetParam().text, "spec.yaml");
  ASSERT_FALSE(specs.ok());
  EXPECT_EQ(specs.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorReason(specs.status()), GetParam().reason);
  EXPECT_EQ(ErrorField(specs.status()), GetParam().field);
  EXPECT_THAT(std::string(specs.status().message()), HasSubstr(GetParam().message));
}

constexpr BadSpec kBadSpecs[] = {
    {"UnknownField", "name: a\ntargets:\n- file:\n    fromat: RAW\n", "targets[0].file.fromat", "UNKNOWN_FIELD",
     "spec.yaml:4: targets[0].file.fromat: unknown field; did you mean \"format\"?"},
    {"UnknownFieldFarFromAny", "name: a\nzebra: 1\n", "zebra", "UNKNOWN_FIELD",
     "spec.yaml:2: zebra: unknown field; expected one of name, source, mode, filter"},
    {"CamelCase", "batch: {maxEvents: 1}", "batch.maxEvents", "UNKNOWN_FIELD", "did you mean \"max_events\"?"},
    {"FieldInEmptyMessage", "source: {start: {earliest: {x: 1}}}", "source.start.earliest.x", "UNKNOWN_FIELD",
     "expected none"},
    {"InListOfSpecs", "- name: a\n- nam: b\n", "[1].nam", "UNKNOWN_FIELD", "spec.yaml:2: [1].nam: unknown field"},
    {"Duplicate", "name: a\nsource:\n  user: x\n  user: y\n", "source.user", "DUPLICATE_FIELD",
     "spec.yaml:4: source.user: given twice"},
    {"DuplicateInList", "targets:\n- name: a\n- name: b\n  name: c\n", "targets[1].name", "DUPLICATE_FIELD",
     "spec.yaml:4: "},
    {"TwoOfAKind", "source:\n  start:\n    earliest: {}\n    current: {}\n", "source.start.current", "TWO_OF_A_KIND",
     "spec.yaml:4: source.start.current: excludes \"earliest\""},
    {"WrongEnum", "source: {flavor: MYSLQ}", "source.flavor", "BAD_VALUE",
     "unknown value \"MYSLQ\"; did you mean \"MYSQL\"?"},
    {"EnumFarFromAny", "source: {flavor: oracle}", "source.flavor", "BAD_VALUE", "expected one of MYSQL, MARIADB"},
    {"EnumByNumber", "mode: 1", "mode", "BAD_VALUE", "unknown value \"1\""},
    {"UnspecifiedEnum", "filter: {events: [EVENT_TYPE_UNSPECIFIED]}", "filter.events[0]", "BAD_VALUE", "unknown value"},
    {"NumberTooLarge", "source: {server_id: 4294967296}", "source.server_id", "BAD_VALUE",
     "expected a whole number from 0 to 4294967295; found \"4294967296\""},
    {"NumberBeyond64Bits", "source: {start: {position: {offset: 18446744073709551616}}}",
     "source.start.position.offset", "BAD_VALUE", "from 0 to 18446744073709551615"},
    {"NegativeNumber", "source: {server_id: -1}", "source.server_id", "BAD_VALUE", "found \"-1\""},
    {"HexNumber", "source: {server_id: 0x10}", "source.server_id", "BAD_VALUE", "found \"0x10\""},
    {"Fraction", "batch: {max_events: 1.5}", "batch.max_events", "BAD_VALUE", "found \"1.5\""},
    {"UnitWhereNoneGoes", "batch: {max_events: 1KiB}", "batch.max_events", "BAD_VALUE", "found \"1KiB\""},
    {"UnknownUnit", "batch: {max_bytes: 10MB}", "batch.max_bytes", "BAD_VALUE", "KiB, MiB or GiB; found \"10MB\""},
    {"SizeOverflow", "batch: {max_bytes: 18446744073709551615GiB}", "batch.max_bytes", "BAD_VALUE", "found"},
    {"YesIsNoBoolean", "source: {gtid: yes}", "source.gtid", "BAD_VALUE", "expected true or false; found \"yes\""},
    {"TextIsNoBoolean", "source: {gtid: 'true'}", "source.gtid", "BAD_VALUE", "found the text \"true\""},
    {"DurationWithoutUnit", "batch: {max_wait: 5}", "batch.max_wait", "BAD_VALUE",
     "expected a duration such as \"250ms\", \"5s\", \"1h30m\" or \"30d\"; found \"5\""},
    {"NegativeDuration", "batch: {max_wait: -5s}", "batch.max_wait", "BAD_VALUE", "found \"-5s\""},
    {"InfiniteDuration", "batch: {max_wait: inf}", "batch.max_wait", "BAD_VALUE", "found \"inf\""},
    {"DurationIsNoMapping", "batch: {max_wait: {seconds: 5}}", "batch.max_wait", "BAD_VALUE", "found a mapping"},
    {"ScalarForList", "source: {endpoints: 'db:3306'}", "source.endpoints", "BAD_VALUE",
     "expected a list; found a single value"},
    {"MappingForList", "targets: {name: a}", "targets", "BAD_VALUE", "expected a list; found a mapping"},
    {"ListForText", "name: [a]", "name", "BAD_VALUE", "expected text; found a list"},
    {"ListForMapping", "source: []", "source", "BAD_VALUE", "expected a mapping with flavor, endpoints"},
    {"NothingForText", "name:\n", "name", "BAD_VALUE", "found nothing; give a value or leave the field out"},
    {"NothingInAList", "targets: [~]", "targets[0]", "BAD_VALUE", "found nothing"},
    {"TextForDocument", "hello", "", "BAD_VALUE", "spec.yaml:1: expected a mapping with name, source"},
    {"Empty", "", "", "YAML_SYNTAX", "spec.yaml:1: holds no streamer spec"},
    {"OnlyComments", "# nothing\n---\n", "", "YAML_SYNTAX", "holds no streamer spec"},
    {"Unclosed", "name: a\ntargets: [\n", "", "YAML_SYNTAX", "not valid YAML"},
};

INSTANTIATE_TEST_SUITE_P(Bad, BadSpecTest, ::testing::ValuesIn(kBadSpecs),
                         [](const auto& info) { return std::string(info.param.about); });

TEST(SpecFileTest, ErrorsNeverRepeatASecret) {
  for (const std::string& text :
       {std::string("source: {password: hunter2}"), std::string("source: {password: {value: [hunter2]}}"),
        std::string("source: {password: [hunter2]}"), std::string("source: {password: {value: hunter2, env: A}}"),
        std::string("source: {password: {value: hunter2}, password: {value: hunter2}}")}) {
    const auto specs = ParseSpecs(text, "spec.yaml");
    ASSERT_FALSE(specs.ok()) << text;
    EXPECT_THAT(std::string(specs.status().message()), Not(HasSubstr("hunter2")));
  }
}

TEST(SpecFileTest, EachSpecIsReadOrRefusedByItself) {
  const auto specs = ParseEachSpec("name: a\n---\nname: [b]\n---\n- {name: c}\n- {nom: d}\n", "spec.yaml");
  ASSERT_TRUE(specs.ok()) << specs.status();
  ASSERT_EQ(specs->size(), 4u);
  EXPECT_EQ((*specs)[0]->name(), "a");
  EXPECT_THAT(std::string((*specs)[1].status().message()), HasSubstr("spec.yaml:3: name: expected text"));
  EXPECT_EQ((*specs)[2]->name(), "c");
  EXPECT_EQ(ErrorField((*specs)[3].status()), "[1].nom");
  EXPECT_FALSE(ParseEachSpec("name: a\n---\nname: [\n", "spec.yaml").ok());
}

TEST(SpecFileTest, EveryTruncationIsReadOrRefused) {
  const std::string text = kFullSpec;
  for (size_t length = 0; length <= text.size(); ++length) {
    const auto specs = ParseSpecs(text.substr(0, length), "spec.yaml");
    if (!specs.ok()) {
      EXPECT_EQ(specs.status().code(), absl::StatusCode::kInvalidArgument) << length;
      EXPECT_THAT(std::string(specs.status().message()), HasSubstr("spec.yaml:")) << length;
    }
  }
}

TEST(SpecFileTest, EveryFlippedBitIsReadOrRefused) {
  const std::string text = kFullSpec;
  for (size_t i = 0; i < text.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = text;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      const auto specs = ParseSpecs(flipped, "spec.yaml");
      EXPECT_TRUE(specs.ok() || absl::IsInvalidArgument(specs.status())) << flipped;
    }
  }
}

}  // namespace
}  // namespace binlogd
