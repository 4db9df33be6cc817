// cli/nano/main.cpp: the program `nano`.
#include "cli/nano/commands.h"
#include "cli/program.h"

int main(int argc, char** argv) {
  return nano::cli::run_program(nano::cli::nano_program(), argc, argv);
}
