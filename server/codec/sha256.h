// SHA-256 (FIPS 180-4).
#pragma once

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

struct evp_md_ctx_st;

namespace binlogd {

// Of bytes that come piece by piece. Not thread-safe.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void Update(absl::string_view bytes);
  // The digest of all bytes so far, 32 bytes; it begins anew.
  std::string Finish();

 private:
  evp_md_ctx_st* const context_;
};

}  // namespace binlogd
