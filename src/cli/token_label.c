/* cli/token_label.c - see token_label.h. */
#include "cli/token_label.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/utf8.h"

/* The character at s, or its bytes where it is none that can be read, at most six bytes; *used of s; how many. */
static size_t put_character(const char *s, size_t size, char *out, size_t *used)
{
    uint32_t cp;
    size_t length = mts_utf8_decode(s, size, &cp);
    *used = length ? length : 1;
    if (length && !mts_utf8_is_control(cp) && cp != '"' && cp != '\\') {
        memcpy(out, s, length);
        return length;
    }
    if (*s == '\n') {
        memcpy(out, "\\n", 2);
        return 2;
    }
    *used = 1; /* the rest of it is broken then, and escaped, too */
    return (size_t)snprintf(out, 7, "\\x%02x", (unsigned)(unsigned char)*s);
}

const char *token_label(void *context, int32_t token)
{
    TokenLabels *labels = context;
    size_t size, n = 0;
    const char *bytes = NULL;
    if (labels->tokenizer && token >= 0 && (size_t)token < mts_tokenizer_vocab(labels->tokenizer)) {
        bytes = mts_token_bytes(labels->tokenizer, token, true, &size);
    }
    if (!bytes) {
        snprintf(labels->text, sizeof labels->text, "%d", (int)token);
        return labels->text;
    }
    labels->text[n++] = '"';
    for (size_t i = 0, used; i < size && n + 7 < sizeof labels->text; i += used) {
        n += put_character(bytes + i, size - i, labels->text + n, &used);
    }
    labels->text[n++] = '"';
    labels->text[n] = '\0';
    return labels->text;
}
