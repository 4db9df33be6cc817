# libnano: the one installed library: the C ABI of include/nano.h, nothing else exported, nothing but libc, libm, libstdc++
# and libgcc_s needed.
add_library(nano_shared SHARED abi/nano_abi.cpp)
add_library(nano::nano_shared ALIAS nano_shared)
target_link_libraries(nano_shared PRIVATE nano_flags nano_runtime_shim)
target_include_directories(nano_shared PUBLIC
  $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_definitions(nano_shared PRIVATE NANO_VERSION_TEXT="${PROJECT_VERSION}")
if(NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")  # clang leaves the sanitizers' functions to the program
  target_link_options(nano_shared PRIVATE -Wl,--no-undefined)
endif()
# nodelete: a host that calls dlclose with a model still open leaves its helper threads code to stand on.
target_link_options(nano_shared PRIVATE -Wl,--as-needed -Wl,-z,nodelete
  -Wl,--version-script=${CMAKE_CURRENT_SOURCE_DIR}/libnano.map)
set_target_properties(nano_shared PROPERTIES OUTPUT_NAME nano SOVERSION 1 VERSION ${PROJECT_VERSION} EXPORT_NAME runtime
  CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON LINK_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/libnano.map)

include(CMakePackageConfigHelpers)
set(nano_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/nano)
install(TARGETS nano_shared EXPORT nano_targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime)
install(FILES include/nano.h include/nano.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT runtime)
install(EXPORT nano_targets NAMESPACE nano:: FILE nanoConfig.cmake DESTINATION ${nano_cmake_dir} COMPONENT runtime)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/nanoConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/nanoConfigVersion.cmake DESTINATION ${nano_cmake_dir} COMPONENT runtime)

# Relocatable: the prefix is found from where the .pc file lies.
file(RELATIVE_PATH nano_pc_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(nano.pc.in nano.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/nano.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT runtime)

if(BUILD_TESTING)
  add_test(NAME libnano_needed COMMAND ${CMAKE_COMMAND} -DLIB=$<TARGET_FILE:nano_shared>
    -P ${CMAKE_CURRENT_SOURCE_DIR}/check_libnano.cmake)
endif()
