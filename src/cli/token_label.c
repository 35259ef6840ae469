/* cli/token_label.c - see token_label.h. */
#include "cli/token_label.h"

#include <stdbool.h>
#include <stdio.h>

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
    for (size_t i = 0; i < size && n + 7 < sizeof labels->text; i++) {
        unsigned char c = (unsigned char)bytes[i];
        bool plain = c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
        n += (size_t)snprintf(labels->text + n, sizeof labels->text - n,
                              plain       ? "%c"
                              : c == '\n' ? "\\n"
                                          : "\\x%02x",
                              c);
    }
    labels->text[n++] = '"';
    labels->text[n] = '\0';
    return labels->text;
}
