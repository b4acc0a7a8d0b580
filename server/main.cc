// binlogd: flags, signals, and the order in which the parts come up and go down.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "auth/access.h"
#include "auth/audit_log.h"
#include "auth/call_limits.h"
#include "auth/certificate_files.h"
#include "auth/listen_rule.h"
#include "auth/users.h"
#include "base/address.h"
#include "base/allocator.h"
#include "base/build_version.h"
#include "base/error.h"
#include "base/file.h"
#include "base/logging.h"
#include "base/service_manager.h"
#include "base/status_macros.h"
#include "config/users_file.h"
#include "fleet/declared_fleet.h"
#include "rpc/library_logs.h"
#include "rpc/server.h"
#include "rpc/spec_json.h"
#include "streamer/manager.h"
#include "streamer/store.h"
#include "telemetry/http_server.h"
#include "telemetry/pages.h"
#include "telemetry/readiness.h"

namespace binlogd {
namespace {

constexpr int kLargestLimit = 1000000;

struct Flags {
  std::string listen = "127.0.0.1:7070";
  std::string metrics_listen = "127.0.0.1:9107";
  std::string state_dir;
  FleetOptions fleet;
  int most_connecting = ConnectGate::kDefaultMost;
  std::string log_level = "info";
  std::string log_format = "text";
  TlsFiles tls;
  TlsFiles metrics_tls;
  std::string users;
  std::string audit_log;
  CallLimitOptions limits;
  bool insecure_listen = false;
  bool insecure_metrics_listen = false;

  bool tls_wanted() const { return !tls.certificate.empty(); }
  bool metrics_tls_wanted() const { return !metrics_tls.certificate.empty(); }
};

// Blocked in every thread, so that only WaitForEnd takes them.
sigset_t AwaitedSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  return signals;
}

void Announce(absl::string_view state) {
  const absl::Status told = TellServiceManager(state);
  if (!told.ok()) Log(LogLevel::kWarning, "server", told.message());
}

// Until the process is asked to end; what SIGHUP asks for is done meanwhile.
void WaitForEnd(const std::function<void()>& on_hangup) {
  const sigset_t signals = AwaitedSignals();
  int signal_number = 0;
  while (sigwait(&signals, &signal_number) == 0 && signal_number == SIGHUP) on_hangup();
  Log(LogLevel::kInfo, "server", absl::StrCat("signal ", signal_number, ": shutting down"));
  // A second one ends the process at once.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

// What can be said against the addresses.
absl::Status CheckAddresses(const Flags& flags) {
  RETURN_IF_ERROR(CheckListenAddress("--listen", flags.listen, /*or_unix=*/true));
  RETURN_IF_ERROR(CheckListenAddress("--metrics-listen", flags.metrics_listen, /*or_unix=*/false));
  if (!flags.insecure_listen) {
    const PortProtection protection = {flags.tls_wanted(), !flags.tls.client_ca.empty() || !flags.users.empty()};
    RETURN_IF_ERROR(
        CheckListen("--listen", flags.listen, protection,
                    "give it --tls-cert and --tls-key, with --users or --tls-client-ca, or say --insecure-listen"));
  }
  if (flags.insecure_metrics_listen) return absl::OkStatus();
  // It tells how streamers fare, nothing that they deliver: who may reach it may read it.
  const bool encrypted = flags.metrics_tls_wanted();
  return CheckListen("--metrics-listen", flags.metrics_listen, PortProtection{encrypted, encrypted},
                     "give it --metrics-tls-cert and --metrics-tls-key, or say --insecure-metrics-listen");
}

// What guards the ports.
struct Gate {
  std::unique_ptr<CertificateFiles> certificates;
  std::unique_ptr<CertificateFiles> metrics_certificates;
  std::unique_ptr<Access> access = std::make_unique<Access>();
  std::unique_ptr<AuditLog> audit = std::make_unique<AuditLog>();
};

absl::StatusOr<Gate> MakeGate(const Flags& flags) {
  RETURN_IF_ERROR(CheckAddresses(flags));
  Gate gate;
  if (flags.tls_wanted()) {
    ASSIGN_OR_RETURN(gate.certificates, CertificateFiles::Open(flags.tls));
  }
  if (flags.metrics_tls_wanted()) {
    ASSIGN_OR_RETURN(gate.metrics_certificates, CertificateFiles::Open(flags.metrics_tls));
  }
  if (!flags.users.empty()) {
    ASSIGN_OR_RETURN(gate.access, Access::Open(flags.users, ParseUsers));
  }
  if (!flags.audit_log.empty()) {
    ASSIGN_OR_RETURN(gate.audit, AuditLog::Open(flags.audit_log));
  }
  return gate;
}

// Serves the pages of the metrics port.
absl::StatusOr<std::unique_ptr<HttpServer>> ListenForMetrics(const Flags& flags, const Gate& gate, const Pages& pages) {
  HttpServerOptions options;
  options.address = flags.metrics_listen;
  options.certificates = gate.metrics_certificates.get();
  options.page = [&pages](const std::string& path) { return pages.Page(path); };
  return HttpServer::Listen(std::move(options));
}

absl::Status Serve(const Flags& flags) {
  ASSIGN_OR_RETURN(const Gate gate, MakeGate(flags));
  const SpecJson codec;
  ASSIGN_OR_RETURN(std::unique_ptr<Store> store, Store::Open(flags.state_dir, &codec));
  Manager manager(std::move(store), flags.most_connecting);
  manager.ExpectLoad();
  ASSIGN_OR_RETURN(
      const std::unique_ptr<RpcServer> rpc,
      RpcServer::Listen({flags.listen, gate.certificates.get(), gate.access.get(), gate.audit.get(), flags.limits},
                        &manager));
  FleetOptions declared = flags.fleet;
  declared.on_applied = [audit = gate.audit.get()](const std::string& method, const std::string& name,
                                                   const absl::Status& result) {
    AuditEntry entry;
    entry.user = std::string(kDeclarer);
    entry.method = method;
    entry.streamer = name;
    entry.SetResult(result);
    audit->Write(entry);
  };
  DeclaredFleet fleet(std::move(declared), &manager);
  Readiness readiness;
  const Pages pages(&manager, &readiness, flags.state_dir, [&fleet, &rpc] {
    std::vector<MetricSample> samples = rpc->Metrics();
    for (MetricSample& sample : fleet.Metrics()) samples.push_back(std::move(sample));
    return samples;
  });
  ASSIGN_OR_RETURN(const std::unique_ptr<HttpServer> metrics, ListenForMetrics(flags, gate, pages));
  RETURN_IF_ERROR(manager.Load());
  fleet.Start();
  readiness.Set(absl::OkStatus());
  Log(LogLevel::kInfo, "server",
      absl::StrCat("binlogd ", kBuildVersion, " serves on port ", rpc->port(), ", metrics on port ", metrics->port()));
  Announce("READY=1");
  // Of the files that are read, the others are looked at with each use.
  WaitForEnd([&fleet, audit = gate.audit.get()] {
    // The audit log was renamed.
    const absl::Status reopened = audit->Reopen();
    if (!reopened.ok()) Log(LogLevel::kError, "server", reopened.message());
    fleet.Reload();
  });
  readiness.Set(absl::UnavailableError("binlogd shuts down"));
  Announce("STOPPING=1");
  rpc->SetNotServing();
  fleet.Stop();
  manager.Shutdown();
  rpc->Shutdown(absl::Seconds(5));
  Log(LogLevel::kInfo, "server", "bye");
  return absl::OkStatus();
}

void AddSecurityOptions(CLI::App* app, Flags* flags) {
  CLI::Option* certificate =
      app->add_option("--tls-cert", flags->tls.certificate, "Certificate of the gRPC port (PEM, with its chain)");
  CLI::Option* key = app->add_option("--tls-key", flags->tls.key, "Its key (PEM)");
  certificate->needs(key);
  key->needs(certificate);
  app->add_option("--tls-client-ca", flags->tls.client_ca, "Authorities whose certificates clients have to show (PEM)")
      ->needs(certificate);
  CLI::Option* metrics_certificate = app->add_option("--metrics-tls-cert", flags->metrics_tls.certificate,
                                                     "Certificate of the metrics port (PEM, with its chain)");
  CLI::Option* metrics_key = app->add_option("--metrics-tls-key", flags->metrics_tls.key, "Its key (PEM)");
  metrics_certificate->needs(metrics_key);
  metrics_key->needs(metrics_certificate);
  app->add_option("--metrics-tls-client-ca", flags->metrics_tls.client_ca,
                  "Authorities whose certificates clients of the metrics port have to show (PEM)")
      ->needs(metrics_certificate);
  app->add_option("--users", flags->users, "Who may do what: users, their tokens or certificates, and roles (YAML)");
  app->add_option("--audit-log", flags->audit_log, "File for a line about each change; by default they are logged");
  app->add_option("--max-calls-per-second", flags->limits.calls_per_second, "Of one client; 0: any number")
      ->check(CLI::Range(0, kLargestLimit))
      ->capture_default_str();
  app->add_option("--max-taps-per-client", flags->limits.taps, "That are open; 0: any number")
      ->check(CLI::Range(0, kLargestLimit))
      ->capture_default_str();
  app->add_option("--max-watches-per-client", flags->limits.watches, "That are open; 0: any number")
      ->check(CLI::Range(0, kLargestLimit))
      ->capture_default_str();
  app->add_flag("--insecure-listen", flags->insecure_listen,
                "Let other machines reach a gRPC port that is not encrypted, or open to everybody");
  app->add_flag("--insecure-metrics-listen", flags->insecure_metrics_listen,
                "Let other machines reach a metrics port that is not encrypted");
}

// On standard output, as what goes to the user and into the file of users.
absl::Status PrintNewToken() {
  ASSIGN_OR_RETURN(const std::string token, NewToken());
  std::cout << "token: " << token << "\ntoken_sha256: " << TokenHashText(HashToken(token)) << std::endl;
  return std::cout.good() ? absl::OkStatus() : absl::UnavailableError("the token could not be written");
}

int Main(int argc, char** argv) {
  Flags flags;
  CLI::App app("binlogd: runs streamers that deliver MySQL and MariaDB binary logs", "binlogd");
  app.set_version_flag("--version", std::string("binlogd ") + kBuildVersion);
  app.add_option("--listen", flags.listen, "Address of the gRPC service")->capture_default_str();
  app.add_option("--metrics-listen", flags.metrics_listen, "Address of the metrics, the probes and the page for people")
      ->capture_default_str();
  app.add_option("--state-dir", flags.state_dir, "Where streamers and their checkpoints are kept");
  CLI::Option* streamers = app.add_option(
      "--streamers", flags.fleet.paths,
      "Spec files, or folders of them, that declare streamers; read again on SIGHUP and when they change");
  app.add_flag("--prune-streamers", flags.fleet.prune,
               "Delete streamers that a spec file made and none declares any more")
      ->needs(streamers);
  app.add_option("--connects-per-source", flags.most_connecting,
                 "Streamers that connect to one source at a time at most; the others wait for their turn")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000));
  app.add_option("--log-level", flags.log_level, "debug, info, warning or error")
      ->capture_default_str()
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  app.add_option("--log-format", flags.log_format, "text (key=value) or json")
      ->capture_default_str()
      ->check(CLI::IsMember({"text", "json"}));
  AddSecurityOptions(&app, &flags);
  const CLI::App* token = app.add_subcommand("token", "Make a token for a user, and the hash for the file of users");
  try {
    app.parse(argc, argv);
    if (!token->parsed() && flags.state_dir.empty()) throw CLI::RequiredError("--state-dir");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  LogLevel level = LogLevel::kInfo;
  if (ParseLogLevel(flags.log_level, &level)) SetLogLevel(level);
  SetLogFormat(flags.log_format == "json" ? LogFormat::kJson : LogFormat::kText);
  TuneAllocator();
  RouteLibraryLogs();
  signal(SIGPIPE, SIG_IGN);
  const sigset_t signals = AwaitedSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const absl::Status done = token->parsed() ? PrintNewToken() : Serve(flags);
  if (done.ok()) return 0;
  std::cerr << "binlogd: " << done.message() << " (" << ErrorReason(done) << ")\n";
  return 1;
}

}  // namespace
}  // namespace binlogd

int main(int argc, char** argv) {
  binlogd::EnsureStandardFiles();
  return binlogd::Main(argc, argv);
}
