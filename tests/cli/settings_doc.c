/* The list of settings in docs/cli.md is what the library's tables say:
 *
 *     settings_doc FILE            exit 1 where it is not
 *     settings_doc FILE --write    makes it so
 *
 * The list stands between two lines that are comments of Markdown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "core/file.h"
#include "core/mem.h"

#define BEGIN "<!-- settings: build/tests/cli/settings_doc docs/cli.md --write -->\n"
#define END "<!-- end of settings -->\n"

enum { COLUMNS = 120 };

/* Appends text, broken at spaces; lines after the first begin at column 2. */
static bool put_wrapped(MtsBytes *out, const char *text)
{
    size_t column = 0;
    bool ok = true;
    while (*text && ok) {
        size_t word = strcspn(text, " ");
        if (column > 0 && column + 1 + word > COLUMNS) {
            ok = mts_bytes_append_str(out, "\n  ");
            column = 2;
        } else if (column > 0) {
            ok = mts_bytes_append_str(out, " ");
            column++;
        }
        ok = ok && mts_bytes_append(out, text, word);
        column += word;
        text += word + strspn(text + word, " ");
    }
    return ok && mts_bytes_append_str(out, "\n");
}

static const Option *option_of(size_t index)
{
    size_t count;
    const Option *options = args_options(&count);
    for (size_t i = 0; i < count; i++) {
        if (options[i].kind != OPTION_HEADING &&
            options[i].offset == offsetof(Args, settings) + index * sizeof(ArgValue)) {
            return &options[i];
        }
    }
    return NULL;
}

static bool put_commands(MtsBytes *text, const MtsSetting *row)
{
    static const struct {
        unsigned bit;
        const char *name;
    } commands[] = {{MTS_TAKES_GENERATE, "generate"},
                    {MTS_TAKES_SEARCH, "search"},
                    {MTS_TAKES_VERIFY, "verify"},
                    {MTS_TAKES_EVAL, "eval"}};
    const char *join = " Of ";
    bool ok = true;
    for (size_t i = 0; i < 4; i++) {
        if (row->commands & commands[i].bit) {
            ok = ok && mts_bytes_printf(text, "%s%s", join, commands[i].name);
            join = ", ";
        }
    }
    return ok && mts_bytes_append_str(text, row->wheel ? ", eval (a list)" : "");
}

static bool put_methods(MtsBytes *text, const MtsSetting *row)
{
    size_t concerned = 0, methods = 0;
    bool ok = true;
    for (int m = 0; strcmp(mts_method_name((MtsMethod)m), "unknown") != 0; m++) {
        concerned += (row->methods & MTS_CONCERNS(m)) != 0;
        methods++;
    }
    if (concerned == methods) {
        return mts_bytes_append_str(text, "; all methods");
    }
    bool few = concerned <= methods / 2, first = true;
    for (size_t m = 0; m < methods; m++) {
        if (((row->methods & MTS_CONCERNS(m)) != 0) == few) {
            ok = ok && mts_bytes_printf(text, "%s%s",
                                        !first ? ", "
                                        : few  ? "; "
                                               : "; all methods but ",
                                        mts_method_name((MtsMethod)m));
            first = false;
        }
    }
    return ok;
}

static bool put_entry(MtsBytes *out, size_t index)
{
    static const char *const scopes[] = {[MTS_SCOPE_IDENTITY] = "",
                                         [MTS_SCOPE_RESULT] = "; may change with `--resume`",
                                         [MTS_SCOPE_NONE] = "; not kept in checkpoints"};
    const MtsSetting *row = mts_request_setting(index);
    const Option *o = option_of(index);
    MtsBytes text = {0};
    char range[128], letter[16] = "";
    if (!o) {
        return row->commands == 0;
    }
    options_range(o, range, sizeof range);
    if (o->letter) {
        snprintf(letter, sizeof letter, "`-%c`, ", o->letter);
    }
    bool bracket = *range || o->fallback;
    bool ok = mts_bytes_printf(&text, "- %s`--%s%s%s`: %s%s%s%s%s%s%s.", letter, o->name, o->value ? " " : "",
                               o->kind == OPTION_CHOICE ? "WORD"
                               : o->value               ? o->value
                                                        : "",
                               o->help, bracket ? " (" : "", range, *range && o->fallback ? "; " : "",
                               o->fallback ? "default " : "", o->fallback ? o->fallback : "", bracket ? ")" : "");
    ok = ok && put_commands(&text, row) && put_methods(&text, row) && mts_bytes_append_str(&text, scopes[row->scope]) &&
         mts_bytes_append_str(&text, ".") && put_wrapped(out, text.data);
    mts_bytes_free(&text);
    return ok;
}

static bool put_list(MtsBytes *out)
{
    bool ok = true;
    for (size_t i = 0; i < mts_request_setting_count(); i++) {
        ok = ok && put_entry(out, i);
    }
    return ok;
}

int main(int argc, char **argv)
{
    MtsBytes list = {0}, whole = {0};
    MtsError err = {0};
    char *text = NULL;
    size_t size;
    int status = 1;
    if (argc < 2 || mts_read_file(argv[1], 1u << 24, &text, &size, &err)) {
        fprintf(stderr, "settings_doc: %s\n", argc < 2 ? "which file?" : err.text);
        return 1;
    }
    char *begin = strstr(text, BEGIN), *end = begin ? strstr(begin, END) : NULL;
    if (!end || !put_list(&list)) {
        fprintf(stderr, "settings_doc: %s: there is no '%s'\n", argv[1], begin ? END : BEGIN);
        goto done;
    }
    begin += strlen(BEGIN);
    if (list.len == (size_t)(end - begin) && memcmp(list.data, begin, list.len) == 0) {
        status = 0;
    } else if (argc > 2 && strcmp(argv[2], "--write") == 0) {
        bool ok = mts_bytes_append(&whole, text, (size_t)(begin - text)) &&
                  mts_bytes_append(&whole, list.data, list.len) && mts_bytes_append_str(&whole, end);
        status = ok && mts_write_file_atomic(argv[1], whole.data, whole.len, &err) == 0 ? 0 : 1;
    } else {
        fprintf(stderr, "settings_doc: %s: the list of settings is another; settings_doc FILE --write makes it so\n",
                argv[1]);
    }
done:
    mts_bytes_free(&list);
    mts_bytes_free(&whole);
    free(text);
    return status;
}
