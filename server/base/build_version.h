// Which build this is.
#pragma once

namespace binlogd {

// As git describes what was built: "1.2.0" of a release, "1.2.0+7.g1a2b3c4d5" after one, "1.2.0~183.g1a2b3c4d5" before
// the first. The version of the package too. (BINLOGD_VERSION is the release that is worked towards, and no more.)
extern const char kBuildVersion[];

}  // namespace binlogd
