#include "tests/fault/torture/load.h"

#include <algorithm>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace binlogd::testing {
namespace {

constexpr absl::Duration kPace = absl::Milliseconds(4);         // Between transactions: bounds what a round writes.
constexpr absl::Duration kRetryAfter = absl::Milliseconds(50);  // While the source is down.
constexpr size_t kMostRows = 500;

uint64_t Number(const std::optional<std::string>& text) {
  uint64_t number = 0;
  return text && absl::SimpleAtoi(*text, &number) ? number : 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Load>> Load::Start(MySqlServer* server, uint32_t seed) {
  ConnectOptions options = server->connect_options();
  options.read_timeout = absl::Seconds(30);
  Interrupter interrupter;
  ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection, Connection::Connect(options, &interrupter));
  for (const char* statement :
       {"CREATE DATABASE shop",
        "CREATE TABLE shop.orders (id BIGINT PRIMARY KEY, sequence BIGINT NOT NULL, filler VARCHAR(4000))",
        "CREATE TABLE shop.journal (sequence BIGINT PRIMARY KEY, changes INT NOT NULL)"}) {
    RETURN_IF_ERROR(connection->Query(statement).status());
  }
  std::unique_ptr<Load> load(new Load(std::move(options), seed));
  load->thread_ = std::thread([raw = load.get()] { raw->Run(); });
  return load;
}

Load::~Load() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  thread_.join();
}

void Load::Resume() {
  absl::MutexLock lock(&mutex_);
  paused_ = false;
}

void Load::Pause() {
  absl::MutexLock lock(&mutex_);
  paused_ = true;
  mutex_.Await(absl::Condition(&idle_));
}

int Load::transactions() const {
  absl::MutexLock lock(&mutex_);
  return transactions_;
}

bool Load::stopping() const {
  absl::MutexLock lock(&mutex_);
  return stop_;
}

void Load::Run() {
  std::unique_ptr<Connection> connection;
  Interrupter interrupter;
  while (true) {
    {
      const auto called = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stop_ || !paused_; };
      absl::MutexLock lock(&mutex_);
      idle_ = true;
      mutex_.Await(absl::Condition(&called));
      if (stop_) return;
      idle_ = false;
    }
    absl::Status status = absl::OkStatus();
    if (connection == nullptr) {
      absl::StatusOr<std::unique_ptr<Connection>> connected = Connection::Connect(options_, &interrupter);
      status = connected.ok() ? LookUp(**connected) : connected.status();
      if (status.ok()) connection = *std::move(connected);
    }
    if (status.ok()) status = RunTransaction(*connection);
    if (!status.ok()) connection = nullptr;
    absl::MutexLock lock(&mutex_);
    if (status.ok()) ++transactions_;
    mutex_.AwaitWithTimeout(absl::Condition(&stop_), status.ok() ? kPace : kRetryAfter);
  }
}

absl::Status Load::LookUp(Connection& connection) {
  ASSIGN_OR_RETURN(const ResultSet last, connection.Query("SELECT MAX(sequence) AS last FROM shop.journal"));
  ASSIGN_OR_RETURN(const ResultSet rows, connection.Query("SELECT id FROM shop.orders ORDER BY id"));
  sequence_ = std::max(sequence_, Number(last.First("last")));
  live_ids_.clear();
  for (const ResultRow& row : rows.rows) live_ids_.push_back(Number(row[0]));
  return absl::OkStatus();
}

uint64_t Load::Pick() { return random_() % live_ids_.size(); }

absl::Status Load::Insert(Connection& connection, int rows, int bytes) {
  std::string sql = "INSERT INTO shop.orders VALUES ";
  for (int i = 0; i < rows; ++i) {
    ++sequence_;
    live_ids_.push_back(sequence_);
    absl::StrAppend(&sql, i == 0 ? "" : ", ", "(", sequence_, ", ", sequence_, ", REPEAT('x', ", bytes, "))");
  }
  return connection.Query(sql).status();
}

absl::Status Load::RunTransaction(Connection& connection) {
  // Now and then one that is larger than what a target takes at once.
  const bool large = random_() % 300 == 0;
  const int inserts = large ? 1500 : 1 + static_cast<int>(random_() % 8);
  RETURN_IF_ERROR(connection.Query("BEGIN").status());
  RETURN_IF_ERROR(Insert(connection, inserts, large ? 2000 : static_cast<int>(random_() % 1000)));
  int changes = inserts;
  for (int updates = static_cast<int>(random_() % 6); updates > 0; --updates, ++changes) {
    RETURN_IF_ERROR(
        connection
            .Query(absl::StrCat("UPDATE shop.orders SET sequence = ", ++sequence_, " WHERE id = ", live_ids_[Pick()]))
            .status());
  }
  while (live_ids_.size() > kMostRows || random_() % 3 == 0) {
    const size_t index = live_ids_.size() > kMostRows ? live_ids_.size() - 1 : Pick();
    RETURN_IF_ERROR(connection.Query(absl::StrCat("DELETE FROM shop.orders WHERE id = ", live_ids_[index])).status());
    live_ids_.erase(live_ids_.begin() + static_cast<std::ptrdiff_t>(index));
    ++changes;
    if (live_ids_.empty()) break;
  }
  RETURN_IF_ERROR(
      connection.Query(absl::StrCat("INSERT INTO shop.journal VALUES (", ++sequence_, ", ", changes, ")")).status());
  RETURN_IF_ERROR(connection.Query("COMMIT").status());
  return random_() % 150 == 0 ? connection.Query("FLUSH BINARY LOGS").status() : absl::OkStatus();
}

}  // namespace binlogd::testing
