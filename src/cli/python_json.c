/* cli/python_json.c - JSON as Python's json.dumps(value, ensure_ascii=False) writes it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/check.h"

static bool put_string(MtsBytes *out, const char *s, size_t size)
{
    static const char names[] = "\"\"\\\\b\bf\fn\nr\rt\t";
    bool ok = mts_bytes_append_str(out, "\"");
    for (size_t i = 0; i < size && ok; i++) {
        const char *n = names;
        while (*n && n[1] != s[i]) {
            n += 2;
        }
        if (*n) {
            ok = mts_bytes_printf(out, "\\%c", *n);
        } else if ((unsigned char)s[i] < 0x20) {
            ok = mts_bytes_printf(out, "\\u%04x", (unsigned)(unsigned char)s[i]);
        } else {
            ok = mts_bytes_append(out, &s[i], 1);
        }
    }
    return ok && mts_bytes_append_str(out, "\"");
}

/* The shortest digits that read back, as repr() writes them: an exponent below 1e-4 and from 1e16 on. */
static bool put_real(MtsBytes *out, double x)
{
    char text[40];
    int precision = 1;
    do {
        snprintf(text, sizeof text, "%.*e", precision - 1, x);
    } while (strtod(text, NULL) != x && precision++ < 17);
    int power = atoi(strchr(text, 'e') + 1);
    if (x != 0 && (power < -4 || power >= 16)) {
        return mts_bytes_append_str(out, text);
    }
    int places = precision - 1 - power;
    return mts_bytes_printf(out, "%.*f", places > 1 ? places : 1, x);
}

bool python_json(MtsBytes *out, const json_t *value)
{
    const char *key;
    json_t *member;
    size_t i, count = 0;
    bool ok = true;
    if (mts_json_digits(value)) {
        return mts_bytes_append_str(out, mts_json_digits(value));
    }
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        ok = mts_bytes_append_str(out, "{");
        json_object_foreach((json_t *)(uintptr_t)value, key, member)
        {
            ok = ok && mts_bytes_append_str(out, count++ ? ", " : "") && put_string(out, key, strlen(key)) &&
                 mts_bytes_append_str(out, ": ") && python_json(out, member);
        }
        return ok && mts_bytes_append_str(out, "}");
    case JSON_ARRAY:
        ok = mts_bytes_append_str(out, "[");
        json_array_foreach((json_t *)(uintptr_t)value, i, member)
        {
            ok = ok && mts_bytes_append_str(out, i ? ", " : "") && python_json(out, member);
        }
        return ok && mts_bytes_append_str(out, "]");
    case JSON_STRING:
        return put_string(out, json_string_value(value), json_string_length(value));
    case JSON_INTEGER:
        return mts_bytes_printf(out, "%lld", (long long)json_integer_value(value));
    case JSON_REAL:
        return put_real(out, json_real_value(value));
    default:
        return mts_bytes_append_str(out, json_is_null(value) ? "null" : json_is_true(value) ? "true" : "false");
    }
}
