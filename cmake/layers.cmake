# The layering, as data. `cmake -P cmake/check_layers.cmake` fails on any #include that is not listed here.
# app (the client) and server (the registry) are two roots that never include each other.
set(NANO_MAY_INCLUDE_base          "")
set(NANO_MAY_INCLUDE_schemas       base)
set(NANO_MAY_INCLUDE_verify        base schemas)
set(NANO_MAY_INCLUDE_store         base schemas)
set(NANO_MAY_INCLUDE_resolver      base schemas)
set(NANO_MAY_INCLUDE_runtime_shim  base schemas)
set(NANO_MAY_INCLUDE_registry      base schemas verify)
set(NANO_MAY_INCLUDE_app           base schemas verify store resolver runtime_shim registry)
set(NANO_MAY_INCLUDE_server        base schemas verify registry runtime_shim)
set(NANO_MAY_INCLUDE_cli           base schemas app server)
set(NANO_FOLDERS base schemas verify store resolver runtime_shim registry app server cli)

# Heavy third-party headers, each with the only file(s) that may include it (seconds of compile time each).
set(NANO_HEAVY_HEADERS "CLI/" "httplib.h")
set(NANO_MAY_INCLUDE_HEAVY_CLI/      cli/args.cpp)
set(NANO_MAY_INCLUDE_HEAVY_httplib.h server/http.cpp)
