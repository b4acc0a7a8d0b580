// What tests of declared streamers share.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "rpc/spec_json.h"
#include "streamer/manager.h"
#include "tests/harness/temp_dir.h"

namespace binlogd::testing {

// A spec of a source where nobody listens, writing to FOLDER/NAME.
inline std::string SpecYaml(const std::string& name, const std::string& folder, const std::string& more = "") {
  return absl::StrCat("name: ", name, "\nsource: {endpoints: [\"127.0.0.1:1\"], user: repl}\n", more,
                      "targets: [{name: archive, file: {path: ", folder, "/", name, "}}]\n");
}

inline void WriteText(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

// A manager with its state on disk, and a folder for spec files.
class FleetFixture {
 public:
  FleetFixture() {
    std::filesystem::create_directories(folder());
    Restart();
  }
  // As if binlogd had been started again.
  void Restart() {
    manager_.reset();
    manager_ = std::make_unique<Manager>(*Store::Open(dir_ / "state", &codec_));
    const absl::Status loaded = manager_->Load();
    if (!loaded.ok()) std::abort();
  }
  std::string folder() const { return dir_ / "specs"; }
  std::string file(const std::string& name) const { return absl::StrCat(folder(), "/", name); }
  void Write(const std::string& name, const std::string& text) const { WriteText(file(name), text); }
  std::string Yaml(const std::string& name, const std::string& more = "") const {
    return SpecYaml(name, dir_ / "targets", more);
  }
  Manager& manager() { return *manager_; }
  std::string Names() const {
    std::string names;
    for (const StreamerView& view : manager_->List()) absl::StrAppend(&names, view.spec.name, " ");
    return names;
  }

  TempDir dir_;

 private:
  SpecJson codec_;
  std::unique_ptr<Manager> manager_;
};

}  // namespace binlogd::testing
