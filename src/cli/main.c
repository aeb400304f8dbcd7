/* main.c - the program: a worker when it was started as one, else a command. */
#include "cli/command.h"
#include "library/extraction.h"

int main(int argc, char **argv)
{
    sandbox_worker_main(argc, argv, worker_services);
    return command_main(argc, argv);
}
