/* cli/token_label.h - a token as it reads in a tree. */
#ifndef MTS_CLI_TOKEN_LABEL_H
#define MTS_CLI_TOKEN_LABEL_H

#include <maxts/tokenizer.h>

enum { TOKEN_LABEL_SIZE = 64 };

typedef struct TokenLabels {
    const MtsTokenizer *tokenizer; /* NULL: a table's tokens are their numbers */
    char text[TOKEN_LABEL_SIZE];
} TokenLabels;

/* Its text in quotes, what would break the line escaped; or its number. `context` is a TokenLabels, whose text it is
 * until the next call. */
const char *token_label(void *context, int32_t token);

#endif
