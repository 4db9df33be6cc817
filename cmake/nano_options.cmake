# Flags, where programs land, and the packages every folder may ask for.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)

option(NANO_FUZZ "build the targets of tests/fuzz for libFuzzer (clang; preset fuzz)" OFF)
option(NANO_RUNTIME_ONLY "build libnano and its tests alone: nothing but a C++ compiler and two header libraries is needed (preset arm)" OFF)

option(NANO_FEWER_CHECKS "asan: leave out what takes a third of the build's time (cmake/nano_library.cmake); scripts/test, but not --all" OFF)

find_program(NANO_CCACHE ccache)
if(NANO_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${NANO_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${NANO_CCACHE})
endif()

# Some fifty programs are linked; mold takes a second where ld takes a minute. What users run is linked by the default.
find_program(NANO_MOLD mold)
if(NANO_MOLD AND NOT CMAKE_CROSSCOMPILING AND NOT CMAKE_BUILD_TYPE STREQUAL "Release")
  add_link_options(-fuse-ld=mold)
endif()

include(GNUInstallDirs)
find_package(Threads REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
if(NOT NANO_RUNTIME_ONLY)
  find_package(OpenSSL 3.0 REQUIRED)
  find_package(CURL REQUIRED)
  find_package(LibArchive REQUIRED)
  find_package(SQLite3 REQUIRED)
  find_package(CLI11 REQUIRED)
endif()

# -ffp-contract=off: a compiler that fuses a*b+c on one machine only would break bit-equal results.
add_library(nano_flags INTERFACE)
target_compile_options(nano_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -ffp-contract=off
  -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(nano_flags INTERFACE -Wno-subobject-linkage)  # a joined file counts as a header
endif()
target_include_directories(nano_flags INTERFACE ${PROJECT_SOURCE_DIR})
