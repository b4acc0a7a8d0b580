# Compiler settings and the functions that every room uses.
include(CheckLinkerFlag)
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()
check_linker_flag(CXX -fuse-ld=lld HAVE_LLD)
if(HAVE_LLD)
  add_link_options(-fuse-ld=lld)
endif()

add_library(binlogd_options INTERFACE)
target_compile_definitions(binlogd_options INTERFACE BINLOGD_VERSION="${PROJECT_VERSION}")
target_compile_options(binlogd_options INTERFACE -Wall -Wextra -Wpedantic)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # GCC 12 takes "literal" + std::string for an overlapping copy (GCC bug 105329).
  target_compile_options(binlogd_options INTERFACE -Wno-restrict)
endif()
if(BINLOGD_WERROR)
  target_compile_options(binlogd_options INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  target_compile_options(binlogd_options INTERFACE -Wthread-safety)
endif()
if(BINLOGD_SANITIZE)
  add_compile_options(-fsanitize=${BINLOGD_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${BINLOGD_SANITIZE})
endif()
set(BINLOGD_TEST_PROPERTIES)
if(BINLOGD_SANITIZE MATCHES thread)
  set(BINLOGD_TEST_PROPERTIES ENVIRONMENT
    "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/sanitizers/tsan.supp")
  add_library(binlogd_tsan_mutex STATIC ${PROJECT_SOURCE_DIR}/tests/sanitizers/tsan_absl_mutex.cc)
  target_link_libraries(binlogd_options INTERFACE binlogd_tsan_mutex)
  foreach(method 4LockEv 6UnlockEv 10ReaderLockEv 12ReaderUnlockEv 5AwaitERKNS0_9ConditionE D1Ev
                 17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE 16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE)
    add_link_options(-Wl,--wrap=_ZN4absl7debian35Mutex${method})
  endforeach()
endif()

# binlogd_library(ROOM SOURCES file… [DEPENDS target…]): the one library of a folder of server/. It may include its own
# headers and those of the rooms in DEPENDS; another room's symbols do not link.
function(binlogd_library room)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(binlogd_${room} STATIC ${ARG_SOURCES})
  target_include_directories(binlogd_${room} PUBLIC ${PROJECT_SOURCE_DIR}/server)
  target_link_libraries(binlogd_${room} PUBLIC ${ARG_DEPENDS} PRIVATE binlogd_options)
endfunction()

# binlogd_test(NAME LABEL label SOURCES file… [DEPENDS target…] [TIMEOUT seconds]): one GoogleTest binary, one ctest entry
# for each of its tests.
function(binlogd_test name)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SOURCES;DEPENDS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/server)
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} GTest::gmock GTest::gtest_main binlogd_options)
  target_compile_options(${name} PRIVATE ${BINLOGD_TEST_COMPILE_OPTIONS})
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
    PROPERTIES ${BINLOGD_TEST_PROPERTIES} LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT} SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]")
endfunction()

# What is only tests is compiled in two thirds of the time this way, and most of a build is tests.
set(BINLOGD_TEST_COMPILE_OPTIONS $<$<CONFIG:Release>:-O1>)

# binlogd_integration_test(NAME SOURCES file… [DEPENDS target…] [LABEL label] [TIMEOUT seconds] [SERVERS server…]): one GoogleTest
# binary over real servers, one ctest entry for all its tests, so that they share the servers; with SERVERS (mysql_9_7 …), for tests
# with a server as their parameter, one entry a server (or another name of a parameter). Counts as two processors, so that two run at
# once, or with BESIDE, for what mostly waits, as one; BESIDE begins first, and unit tests fill the gaps. "Skipped" when a test was
# skipped and none failed; the reasons are the last lines of its output.
function(binlogd_integration_test name)
  cmake_parse_arguments(ARG "BESIDE" "LABEL;TIMEOUT" "SOURCES;DEPENDS;SERVERS" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL integration)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 1200)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/server)
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} binlogd_harness binlogd_integration_main GTest::gmock binlogd_options)
  target_compile_options(${name} PRIVATE ${BINLOGD_TEST_COMPILE_OPTIONS})
  set(entries ${name})
  if(ARG_SERVERS)
    set(entries)
    foreach(server ${ARG_SERVERS})
      list(APPEND entries ${name}_${server})
      add_test(NAME ${name}_${server} COMMAND ${name} --gtest_filter=*/${server})
    endforeach()
  else()
    add_test(NAME ${name} COMMAND ${name})
  endif()
  set_tests_properties(${entries} PROPERTIES ${BINLOGD_TEST_PROPERTIES} LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT} SKIP_RETURN_CODE 77)
  if(ARG_BESIDE)
    set_tests_properties(${entries} PROPERTIES COST 1000)
  else()
    set_tests_properties(${entries} PROPERTIES COST 900 PROCESSORS 2)
  endif()
endfunction()
