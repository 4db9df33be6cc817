// cli/nano_registry/main.cpp: the program `nano-registry`.
#include "cli/nano_registry/commands.h"
#include "cli/program.h"

int main(int argc, char** argv) {
  return nano::cli::run_program(nano::cli::registry_program(), argc, argv);
}
