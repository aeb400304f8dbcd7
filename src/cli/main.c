/* main.c - the program: a worker when it was started as one, else a command. */
#include "cli/command.h"
#include "library/extraction.h"

int main(int argc, char **argv)
{
    if (sandbox_is_worker(argc, argv))
        return sandbox_worker_main(argc, argv, library_services, library_service_count);
    return command_main(argc, argv);
}
