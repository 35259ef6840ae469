/* core/error.c - writing the sentence. */
#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
    err->code = code;
    va_list args;
    va_start(args, fmt);
    int need = vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    if (need < 0) {
        snprintf(err->text, sizeof err->text, "error %d (its sentence could not be formatted)", code);
    } else if ((size_t)need >= sizeof err->text) {
        size_t cut = sizeof err->text - 4;
        while (cut > 0 && ((unsigned char)err->text[cut] & 0xC0) == 0x80) {
            cut--;
        }
        memcpy(err->text + cut, "...", 4);
    }
    return code;
}
