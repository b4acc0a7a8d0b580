#include <charconv>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"
#include "client/table.h"

namespace binlogd {
namespace {

// Whole numbers in full, however large; others in their shortest form.
std::string SampleText(double value) {
  char text[400];
  const bool whole = value == static_cast<double>(static_cast<int64_t>(value)) && value > -1e15 && value < 1e15;
  const auto end = whole ? std::to_chars(text, text + sizeof(text), static_cast<int64_t>(value)).ptr
                         : std::to_chars(text, text + sizeof(text), value).ptr;
  return std::string(text, end);
}

absl::Status Metrics(const std::string& name, Client* client) {
  v1::MetricsRequest request;
  request.set_name(name);
  ASSIGN_OR_RETURN(const v1::MetricsResponse response,
                   client->session().Call(&Session::Stub::Metrics, request, Attempt("get the metrics of", name)));
  if (!client->printer().table()) {
    client->printer().Print(response, UnsetFields::kPrint);
    return absl::OkStatus();
  }
  Table table({{"METRIC"}, {"LABELS"}, {"VALUE", Table::Align::kRight}});
  for (const v1::Metric& metric : response.metrics()) {
    const std::map<std::string, std::string> labels(metric.labels().begin(), metric.labels().end());
    table.Add({metric.name(), absl::StrJoin(labels, ",", absl::PairFormatter("=")), SampleText(metric.value())});
  }
  client->output().Write(table.Text(client->output().colour()));
  return absl::OkStatus();
}

}  // namespace

void AddMetrics(CLI::App* app, Client* client) {
  auto name = std::make_shared<std::string>();
  CLI::App* verb = AddVerb(app, "metrics", "Show a streamer's metrics");
  AddExample(verb, "binlogctl metrics orders -o json");
  AddStreamerName(verb, name.get())->required();
  verb->callback([name, client] { client->Do([name, client] { return Metrics(*name, client); }); });
}

}  // namespace binlogd
