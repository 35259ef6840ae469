/* search/methods/registry.c - the table of methods by number and by name. */
#include <ctype.h>
#include <string.h>

#include "search/methods/methods.h"

typedef struct MethodRow {
    const char *name, *other;
    const MtsMethodOps *ops;
} MethodRow;

#define ROW(method, name, other, ops, file) [method] = {name, other, &(ops)},
static const MethodRow ROWS[MTS_METHOD_COUNT] = {MTS_METHODS(ROW)};
#undef ROW

const char *mts_method_name(MtsMethod method)
{
    return (size_t)method < MTS_METHOD_COUNT && ROWS[method].name ? ROWS[method].name : "unknown";
}

const MtsMethodOps *mts_method_ops(MtsMethod method)
{
    return (size_t)method < MTS_METHOD_COUNT ? ROWS[method].ops : NULL;
}

/* Letters and digits, lower case; '*' reads as "star". */
static void plain_name(const char *name, char *out, size_t size)
{
    size_t n = 0;
    for (; *name && n + 5 < size; name++) {
        if (*name == '*') {
            memcpy(out + n, "star", 4);
            n += 4;
        } else if (isalnum((unsigned char)*name)) {
            out[n++] = (char)tolower((unsigned char)*name);
        }
    }
    out[n] = '\0';
}

static bool is_name(const char *wanted, const char *name)
{
    char known[64];
    plain_name(name, known, sizeof known);
    return strcmp(wanted, known) == 0;
}

int mts_method_from_name(const char *name, MtsMethod *method)
{
    char wanted[64];
    plain_name(name, wanted, sizeof wanted);
    for (size_t i = 0; i < MTS_METHOD_COUNT; i++) {
        if ((ROWS[i].name && is_name(wanted, ROWS[i].name)) || (ROWS[i].other && is_name(wanted, ROWS[i].other))) {
            *method = (MtsMethod)i;
            return 0;
        }
    }
    return -1;
}
