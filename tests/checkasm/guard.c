#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "checkasm.h"

#include <sys/mman.h>
#include <unistd.h>

static struct {
    void *user, *pages;
    size_t size;
} guards[64];

void *guard_new(size_t bytes, bool at_end)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), inner = (bytes + page - 1) / page * page;
    unsigned char *p = mmap(NULL, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || mprotect(p + page, inner, PROT_READ | PROT_WRITE) != 0) {
        perror("checkasm: mmap");
        exit(1);
    }
    memset(p + page, 0xA5, inner);
    for (size_t i = 0; i < sizeof guards / sizeof guards[0]; i++) {
        if (!guards[i].user) {
            guards[i].user = p + page + (at_end ? inner - bytes : 0);
            guards[i].pages = p;
            guards[i].size = inner + 2 * page;
            return guards[i].user;
        }
    }
    fprintf(stderr, "checkasm: more guarded buffers than the list holds\n");
    exit(1);
}

void guard_free(void *p)
{
    for (size_t i = 0; i < sizeof guards / sizeof guards[0]; i++) {
        if (guards[i].user == p) {
            munmap(guards[i].pages, guards[i].size);
            guards[i].user = NULL;
            return;
        }
    }
}
