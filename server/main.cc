// binlogd: flags, signals, and the order in which the parts come up and go down.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "auth/certificate_files.h"
#include "auth/listen_rule.h"
#include "base/allocator.h"
#include "base/file.h"
#include "base/logging.h"
#include "base/status_macros.h"
#include "config/spec_file.h"
#include "rpc/convert.h"
#include "rpc/server.h"
#include "rpc/spec_json.h"
#include "streamer/manager.h"
#include "streamer/store.h"
#include "telemetry/exposer.h"

namespace binlogd {
namespace {

struct Flags {
  std::string listen = "127.0.0.1:7070";
  std::string metrics_listen = "127.0.0.1:9107";
  std::string state_dir;
  std::vector<std::string> streamers;
  std::string log_level = "info";
  TlsFiles tls;
  bool insecure_listen = false;
  bool insecure_metrics_listen = false;

  bool tls_wanted() const { return !tls.certificate.empty(); }
};

// Blocked in every thread, so that only WaitForEnd takes them.
sigset_t EndSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

void WaitForEnd() {
  const sigset_t signals = EndSignals();
  int signal_number = 0;
  sigwait(&signals, &signal_number);
  Log(LogLevel::kInfo, "server", absl::StrCat("signal ", signal_number, ": shutting down"));
  // A second one ends the process at once.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

absl::Status ApplyFile(Manager& manager, const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(path));
  ASSIGN_OR_RETURN(const std::vector<v1::StreamerSpec> messages, ParseSpecs(text, path));
  for (const v1::StreamerSpec& message : messages) {
    ASSIGN_OR_RETURN(const StreamerSpec spec, FromProto(message));
    Manager::Outcome outcome;
    RETURN_IF_ERROR(manager.Apply(spec, /*start=*/true, &outcome).status());
  }
  return absl::OkStatus();
}

// What can be said against the addresses.
absl::Status CheckAddresses(const Flags& flags) {
  if (!flags.insecure_listen) {
    const PortProtection protection = {flags.tls_wanted(), !flags.tls.client_ca.empty()};
    RETURN_IF_ERROR(CheckListen("--listen", flags.listen, protection,
                                "give it --tls-cert, --tls-key and --tls-client-ca, or say --insecure-listen"));
  }
  if (flags.insecure_metrics_listen) return absl::OkStatus();
  return CheckListen("--metrics-listen", flags.metrics_listen, PortProtection(),
                     "put something that speaks TLS before it, or say --insecure-metrics-listen");
}

absl::Status Serve(const Flags& flags) {
  RETURN_IF_ERROR(CheckAddresses(flags));
  std::unique_ptr<CertificateFiles> certificates;
  if (flags.tls_wanted()) {
    ASSIGN_OR_RETURN(certificates, CertificateFiles::Open(flags.tls));
  }
  const SpecJson codec;
  ASSIGN_OR_RETURN(std::unique_ptr<Store> store, Store::Open(flags.state_dir, &codec));
  Manager manager(std::move(store));
  ASSIGN_OR_RETURN(const std::unique_ptr<RpcServer> rpc,
                   RpcServer::Listen({flags.listen, certificates.get()}, &manager));
  ASSIGN_OR_RETURN(const std::unique_ptr<MetricsExposer> metrics,
                   MetricsExposer::Listen(flags.metrics_listen, &manager));
  RETURN_IF_ERROR(manager.Load());
  for (const std::string& path : flags.streamers) {
    if (const absl::Status applied = ApplyFile(manager, path); !applied.ok()) {
      Log(LogLevel::kError, "server", applied.message());
    }
  }
  Log(LogLevel::kInfo, "server",
      absl::StrCat("binlogd ", BINLOGD_VERSION, " serves on port ", rpc->port(), ", metrics on port ",
                   metrics->port()));
  WaitForEnd();
  rpc->SetNotServing();
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
  app->add_flag("--insecure-listen", flags->insecure_listen,
                "Let other machines reach a gRPC port that is not encrypted, or open to everybody");
  app->add_flag("--insecure-metrics-listen", flags->insecure_metrics_listen,
                "Let other machines reach the Prometheus endpoint, which is not encrypted");
}

int Main(int argc, char** argv) {
  Flags flags;
  CLI::App app("binlogd: runs streamers that deliver MySQL and MariaDB binary logs", "binlogd");
  app.set_version_flag("--version", std::string("binlogd ") + BINLOGD_VERSION);
  app.add_option("--listen", flags.listen, "Address of the gRPC service")->capture_default_str();
  app.add_option("--metrics-listen", flags.metrics_listen, "Address of the Prometheus endpoint")->capture_default_str();
  app.add_option("--state-dir", flags.state_dir, "Where streamers and their checkpoints are kept")->required();
  app.add_option("--streamers", flags.streamers, "Spec files of streamers to apply and start");
  app.add_option("--log-level", flags.log_level, "debug, info, warning or error")
      ->capture_default_str()
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  AddSecurityOptions(&app, &flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  LogLevel level = LogLevel::kInfo;
  if (ParseLogLevel(flags.log_level, &level)) SetLogLevel(level);
  TuneAllocator();
  signal(SIGPIPE, SIG_IGN);
  const sigset_t signals = EndSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const absl::Status served = Serve(flags);
  if (served.ok()) return 0;
  std::cerr << "binlogd: " << served.message() << "\n";
  return 1;
}

}  // namespace
}  // namespace binlogd

int main(int argc, char** argv) { return binlogd::Main(argc, argv); }
