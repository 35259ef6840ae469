/* libFuzzer target: any bytes as a conversation, variables and a date, each up to a 0 byte, for a template that writes
 * all of them. */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "fuzz.h"
#include "tokenizer/chat.h"

#define SOURCE                                                                                                         \
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content | trim }}{{ m | tojson }}{% endfor %}{{ tools | tojson }}"    \
    "{{ strftime_now('%d %b %Y') }}{{ enable_thinking }}"

static uint64_t run(const uint8_t *data, size_t size)
{
    char *text = mts_strndup((const char *)data, size), *parts[3] = {NULL, NULL, NULL};
    if (!text) {
        return 0;
    }
    size_t at = 0;
    for (int i = 0; i < 3 && at < size; i++) {
        char *end = memchr(text + at, 0, size - at);
        parts[i] = text + at;
        at = end ? (size_t)(end - text) + 1 : size;
    }
    static char name[] = "template", source[] = SOURCE;
    const MtsChat chat = {name, source, sizeof source - 1};
    bool dated;
    const MtsChatInput input = {
        .user = "What rises?", .messages = parts[0], .variables = parts[1], .date = parts[2], .dated = &dated};
    char *prompt = NULL, *said = NULL;
    size_t prompt_size = 0;
    MtsError err = {0};
    int rc =
        mts_chat_render(&chat, &input, (MtsString){"<s>", 3}, (MtsString){NULL, 0}, &prompt, &said, &prompt_size, &err);
    uint64_t hash = rc ? fuzz_refused(rc, &err) : fuzz_hash(FUZZ_HASH, prompt, prompt_size);
    fuzz_require(!rc == (prompt && said), "a prompt where it was not refused, and only there");
    free(prompt);
    free(said);
    free(text);
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_input(run, data, size);
}
