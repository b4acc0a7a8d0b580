# Run with each build, as git moves without CMake's being asked:
#   cmake -D SOURCE=… -D RELEASE=… -D OUTPUT=… [-D VERSION=…] -P BuildVersion.cmake
#
# Writes what this build is, as C++ and for CPack, into the folder OUTPUT; nothing is written where nothing has changed. It is VERSION
# if that is given, or else
#   1.2.0                 the tag v1.2.0, or no git at hand: RELEASE
#   1.2.0+7.g1a2b3c4d5    seven commits after it
#   1.2.0~183.g1a2b3c4d5  before the first tag: the number of commits; Debian sorts it below 1.2.0
find_package(Git QUIET)

# Sets `result` to what git says, or to nothing.
function(ask_git result)
  set(answer "")
  # A folder in somebody else's repository is not ours.
  if(GIT_FOUND AND EXISTS ${SOURCE}/.git)
    execute_process(COMMAND ${GIT_EXECUTABLE} -C ${SOURCE} ${ARGN}
      OUTPUT_VARIABLE answer ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed)
    if(failed)
      set(answer "")
    endif()
  endif()
  set(${result} "${answer}" PARENT_SCOPE)
endfunction()

set(version ${RELEASE})
ask_git(described describe --tags --match "v[0-9]*" --abbrev=9 --long)
ask_git(commit rev-parse --short=9 HEAD)
if(VERSION)
  set(version ${VERSION})
elseif(described MATCHES "^v(.+)-([0-9]+)-(g[0-9a-f]+)$")
  set(version ${CMAKE_MATCH_1})
  if(CMAKE_MATCH_2)
    string(APPEND version "+${CMAKE_MATCH_2}.${CMAKE_MATCH_3}")
  endif()
elseif(commit)
  ask_git(commits rev-list --count HEAD)
  set(version "${RELEASE}~${commits}.g${commit}")
endif()
# Seconds since 1970.
ask_git(commit_time show -s --format=%ct HEAD)

file(CONFIGURE OUTPUT ${OUTPUT}/build_version.cc @ONLY CONTENT [[
#include "base/build_version.h"

namespace binlogd {

const char kBuildVersion[] = "@version@";

}  // namespace binlogd
]])
file(CONFIGURE OUTPUT ${OUTPUT}/build_version.cmake @ONLY CONTENT [[
set(BINLOGD_BUILD_VERSION "@version@")
set(BINLOGD_COMMIT_TIME "@commit_time@")
]])
