#include <stdio.h>
#include <string.h>

#include <maxts/maxts.h>

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("maxts " MTS_VERSION);
        return 0;
    }
    fputs("maxts: no command given\n", stderr);
    return 2;
}
