# Whole builds (the presets release, asan, clang) join twelve files to a translation unit, which halves their time: most of it
# goes into the same headers. ALONE names files whose anonymous names clash with those of a neighbour; preset `dev` joins none.
macro(nano_alone)
  if(A_ALONE)
    set_source_files_properties(${A_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
endmacro()

# Of ubsan's checks, null, alignment and vptr take a third of a build's time. With NANO_FEWER_CHECKS they stay only where foreign bytes
# become numbers, in base and runtime_shim; elsewhere asan finds null pointers too.
function(nano_checks name target)
  if(NANO_FEWER_CHECKS AND NOT name MATCHES "^(base|runtime_shim)$")
    target_compile_options(${target} PRIVATE -fno-sanitize=null,alignment,vptr)
  endif()
endfunction()

# nano_library(<folder> SOURCES … DEPENDS … ALONE …): one static library per folder, seen as nano::<folder>.
function(nano_library name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPENDS;ALONE" ${ARGN})
  nano_alone()
  add_library(nano_${name} STATIC ${A_SOURCES})
  add_library(nano::${name} ALIAS nano_${name})
  target_link_libraries(nano_${name} PUBLIC nano_flags ${A_DEPENDS})
  nano_checks(${name} nano_${name})
  set_target_properties(nano_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
endfunction()

# nano_test(<folder> SOURCES … DEPENDS … ALONE …): bin/test_<folder>, each of its TEST_CASEs one ctest named "<folder>: <case>".
# A case that cannot run here prints WARN("SKIPPED: why") and returns; ctest then says so.
function(nano_test name)
  cmake_parse_arguments(A "" "TIMEOUT" "SOURCES;DEPENDS;ALONE" ${ARGN})
  nano_alone()
  if(NOT A_TIMEOUT)
    set(A_TIMEOUT 300)
  endif()
  add_executable(test_${name} ${A_SOURCES})
  target_link_libraries(test_${name} PRIVATE nano_flags nano_catch_main ${A_DEPENDS})
  # NoTests: a name that the filter does not find again (a ';' in it parts it in two) fails instead of running nothing.
  catch_discover_tests(test_${name} TEST_PREFIX "${name}: " EXTRA_ARGS -w NoTests
    PROPERTIES SKIP_REGULAR_EXPRESSION "SKIPPED: " TIMEOUT ${A_TIMEOUT})
endfunction()

# nano_bench(<name> SOURCES … DEPENDS …): bin/bench_<name>, part of the target `benches`.
function(nano_bench name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(bench_${name} ${A_SOURCES})
  target_link_libraries(bench_${name} PRIVATE nano_flags nano_bench_options ${A_DEPENDS})
  add_dependencies(benches bench_${name})
endfunction()
