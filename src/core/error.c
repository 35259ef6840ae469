/* core/error.c - writing the sentence. */
#include "core/error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/utf8.h"

int mts_exit_status(int code)
{
    if (code == 0) {
        return 0;
    }
    return code == MTS_EREQUEST ? 2 : 1;
}

int mts_fail(MtsError *err, int code, const char *fmt, ...)
{
    if (!err) {
        return code;
    }
    char raw[sizeof err->text];
    va_list args;
    va_start(args, fmt);
    int need = vsnprintf(raw, sizeof raw, fmt, args);
    va_end(args);
    err->code = code;
    if (need < 0) {
        snprintf(err->text, sizeof err->text, "error %d (its sentence could not be formatted)", code);
        return code;
    }
    size_t size = strlen(raw);
    bool whole = (size_t)need == size;
    size -= whole ? 0 : mts_utf8_pending(raw, size);
    if (!mts_utf8_printable(raw, size, err->text, sizeof err->text - 3) || !whole) {
        strcat(err->text, "...");
    }
    return code;
}
