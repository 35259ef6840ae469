/* cli/manual.c - see manual.h. */
#include "cli/manual.h"

#include <stdbool.h>
#include <string.h>

#include <maxts/version.h>

#include "core/error.h"
#include "core/near.h"
#include "reward/rewards.h"
#include "search/settings.h"
#include "stages/stage.h"

/* All that is written about. */
typedef struct Book {
    const CommandRow *commands; /* [n] */
    size_t n;
    const Option *options; /* [count] */
    size_t count;
    FILE *out;
} Book;

static bool is_option(const Option *o)
{
    return o->kind != OPTION_HEADING;
}

/* ---- the page ---- */

/* Text of the page: what man(7) would take for its own is escaped. */
static void put_roff(const char *text, FILE *out)
{
    for (bool first = true; *text; text++, first = *text == '\n') {
        if (first && (*text == '.' || *text == '\'')) {
            fputs("\\&", out);
        }
        if (*text == '\\') {
            fputs("\\e", out);
        } else if (*text == '-') {
            fputs("\\-", out);
        } else {
            fputc(*text, out);
        }
    }
}

/* "Of generate, search." */
static void put_takers(const Book *b, unsigned commands)
{
    const char *join = "Of ";
    size_t takers = 0;
    for (size_t i = 0; i < b->n; i++) {
        takers += (b->commands[i].bit & commands) != 0;
    }
    if (takers == b->n) {
        fputs("Of all commands.\n", b->out);
        return;
    }
    for (size_t i = 0; i < b->n; i++) {
        if (b->commands[i].bit & commands) {
            fprintf(b->out, "%s%s", join, b->commands[i].name);
            join = ", ";
        }
    }
    fputs(".\n", b->out);
}

static void page_option(const Book *b, const Option *o)
{
    char text[1024];
    fputs(".TP\n.B ", b->out);
    if (o->letter) {
        fprintf(b->out, "\\-%c, ", o->letter);
    }
    fputs("\\-\\-", b->out);
    put_roff(o->name, b->out);
    fprintf(b->out, "%s%s\n", o->kind == OPTION_FLAG ? "" : " ", options_value(o));
    options_says(o, text, sizeof text);
    put_roff(text, b->out);
    fputs(".\n", b->out);
    put_takers(b, o->commands);
}

static void page_options(const Book *b)
{
    fputs(".SH OPTIONS\n", b->out);
    for (size_t i = 0; i < b->count; i++) {
        if (is_option(&b->options[i])) {
            page_option(b, &b->options[i]);
        } else {
            fputs(".SS ", b->out);
            put_roff(b->options[i].name, b->out);
            fputc('\n', b->out);
        }
    }
}

static void page_commands(const Book *b)
{
    fputs(".SH COMMANDS\n", b->out);
    for (size_t i = 0; i < b->n; i++) {
        fprintf(b->out, ".TP\n.B %s %s\n", b->commands[i].name, b->commands[i].operands);
        put_roff(b->commands[i].what, b->out);
        fputs(".\n", b->out);
    }
    fputs(".TP\n.B help [COMMAND]\nWhat a command does, and its options.\n"
          ".TP\n.B man\nThis page.\n"
          ".TP\n.B completion bash|zsh|fish\nWhat a shell completes by.\n",
          b->out);
}

void manual_page(const CommandRow *commands, size_t n, const Option *options, size_t count, FILE *out)
{
    const Book b = {commands, n, options, count, out};
    fputs(".TH MAXTS 1 \"\" \"maxts " MTS_VERSION "\"\n"
          ".SH NAME\nmaxts \\- maximum\\-entropy tree search over language models, on plain CPUs\n"
          ".SH SYNOPSIS\n.B maxts\n.I COMMAND\n[options]\n"
          ".SH DESCRIPTION\n"
          "Loads a GGUF model, or a table of exact probabilities, and searches its texts for those that a reward\n"
          "prefers. Results go to standard output: one JSON object on a line where it is no terminal or \\-\\-json is\n"
          "given, the same made readable otherwise; of generate the text. Progress goes to standard error.\n",
          out);
    page_commands(&b);
    page_options(&b);
    fputs(
        ".SH ENVIRONMENT\n"
        ".TP\n.B MAXTS_MODEL\nThe model where \\-\\-model is not given.\n"
        ".TP\n.B MAXTS_CPU_MASK\nAs \\-\\-cpu\\-mask.\n"
        ".TP\n.B COLUMNS\nThe width that is written for.\n"
        ".TP\n.B NO_COLOR\nNo emphasis, unless \\-\\-color says always.\n"
        ".SH FILES\n.TP\n.B $XDG_CONFIG_HOME/maxts/config\n"
        "(or ~/.config/maxts/config) Lines of \"option = value\" by the long names, for every command that has the\n"
        "option; of flags \"on\" or \"off\". Lines that begin with # say nothing. The command line replaces them.\n"
        ".SH EXIT STATUS\n0: done; 1: the work failed; 2: the request was wrong; 141: the reader of the results went\n"
        "away.\n",
        out);
}

/* ---- completion ---- */

/* The words that an option's value may be, joined by blanks; "" where there is no list. */
static void words_of(const Option *o, char *out, size_t size)
{
#define NAME(name, make, file, source) " " name ":"
    static const char rewards[] = MTS_REWARDS(NAME);
#undef NAME
    out[0] = '\0';
    if (o->kind == OPTION_CHOICE) {
        snprintf(out, size, "%s", o->value);
    } else if (strcmp(o->name, "method") == 0) {
        mts_method_list(" ", out, size);
    } else if (strcmp(o->name, "stage") == 0) {
        mts_stage_names(out, size);
    } else if (strcmp(o->name, "reward") == 0) {
        snprintf(out, size, "%s", rewards + 1);
    }
    for (char *c = out; *c; c++) {
        *c = *c == '|' || *c == ',' ? ' ' : *c;
    }
}

static void list_commands(const Book *b)
{
    for (size_t i = 0; i < b->n; i++) {
        fprintf(b->out, "%s ", b->commands[i].name);
    }
    fputs("help man completion", b->out);
}

static void bash_command(const Book *b, const CommandRow *command)
{
    char words[512];
    for (size_t i = 0; i < b->count; i++) {
        const Option *o = &b->options[i];
        words_of(o, words, sizeof words);
        if (is_option(o) && (o->commands & command->bit) && words[0]) {
            fprintf(b->out, "    '%s --%s') words='%s' ;;\n", command->name, o->name, words);
        }
    }
    fprintf(b->out, "    '%s '*) [[ $cur == -* ]] && words='", command->name);
    for (size_t i = 0; i < b->count; i++) {
        if (is_option(&b->options[i]) && (b->options[i].commands & command->bit)) {
            fprintf(b->out, "--%s ", b->options[i].name);
        }
    }
    fputs("' ;;\n", b->out);
}

static void complete_bash(const Book *b)
{
    fputs("# bash completion of maxts, made by: maxts completion bash\n"
          "_maxts() {\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ] || [[ $COMP_CWORD -eq 2 && ${COMP_WORDS[1]} == help ]]; then\n"
          "        COMPREPLY=($(compgen -W '",
          b->out);
    list_commands(b);
    fputs("' -- \"$cur\"))\n        return\n    fi\n    case \"${COMP_WORDS[1]} $prev\" in\n"
          "    'completion completion') words='bash zsh fish' ;;\n",
          b->out);
    for (size_t i = 0; i < b->n; i++) {
        bash_command(b, &b->commands[i]);
    }
    fputs("    esac\n    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
          "complete -o default -o bashdefault -F _maxts maxts\n",
          b->out);
}

/* Between single quotes of zsh or fish, `special` escaped by a backslash. */
static void put_quoted(const char *text, const char *special, const char *quote, FILE *out)
{
    for (; *text; text++) {
        if (*text == '\'') {
            fputs(quote, out);
        } else {
            fprintf(out, "%s%c", strchr(special, *text) ? "\\" : "", *text);
        }
    }
}

static void zsh_option(const Book *b, const Option *o)
{
    char words[512];
    words_of(o, words, sizeof words);
    fputs(" \\\n            ", b->out);
    if (o->letter) {
        fprintf(b->out, "'(-%c --%s)'{-%c,--%s}", o->letter, o->name, o->letter, o->name);
    } else {
        fprintf(b->out, "--%s", o->name);
    }
    fprintf(b->out, "%s'[", o->kind == OPTION_FLAG ? "" : o->letter ? "" : "=");
    put_quoted(o->help, "\\[]:", "'\\''", b->out);
    fputs("]", b->out);
    if (o->kind != OPTION_FLAG) {
        fprintf(b->out, ":%s:", options_value(o));
        if (words[0]) {
            fputc('(', b->out);
            put_quoted(words, "\\:()", "'\\''", b->out);
            fputc(')', b->out);
        } else if (strcmp(options_value(o), "FILE") == 0) {
            fputs("_files", b->out);
        }
    }
    fputc('\'', b->out);
}

static void complete_zsh(const Book *b)
{
    fputs("#compdef maxts\n# zsh completion of maxts, made by: maxts completion zsh\n_maxts() {\n"
          "    local command=$words[2]\n"
          "    if (( CURRENT == 2 )) || [[ CURRENT -eq 3 && $command == help ]]; then\n"
          "        local -a commands=(\n",
          b->out);
    for (size_t i = 0; i < b->n; i++) {
        fprintf(b->out, "            '%s:", b->commands[i].name);
        put_quoted(b->commands[i].what, "\\:", "'\\''", b->out);
        fputs("'\n", b->out);
    }
    fputs(
        "            'help:what a command does' 'man:the manual page' 'completion:what shells complete by'\n        )\n"
        "        _describe command commands\n        return\n    fi\n"
        "    shift words\n    (( CURRENT-- ))\n    case $command in\n"
        "    completion) _values shell bash zsh fish ;;\n",
        b->out);
    for (size_t i = 0; i < b->n; i++) {
        fprintf(b->out, "    %s)\n        _arguments", b->commands[i].name);
        for (size_t k = 0; k < b->count; k++) {
            if (is_option(&b->options[k]) && (b->options[k].commands & b->commands[i].bit)) {
                zsh_option(b, &b->options[k]);
            }
        }
        fputs(" \\\n            '*:file:_files' ;;\n", b->out);
    }
    fputs("    esac\n}\n[[ $funcstack[1] == _maxts ]] && _maxts \"$@\" || compdef _maxts maxts\n", b->out);
}

static void fish_option(const Book *b, const CommandRow *command, const Option *o)
{
    char words[512];
    words_of(o, words, sizeof words);
    fprintf(b->out, "complete -c maxts -n '__fish_seen_subcommand_from %s' -l %s", command->name, o->name);
    if (o->letter) {
        fprintf(b->out, " -s %c", o->letter);
    }
    if (o->kind != OPTION_FLAG) {
        fputs(" -r", b->out);
    }
    if (words[0]) {
        fprintf(b->out, " -f -a '%s'", words);
    }
    fputs(" -d '", b->out);
    put_quoted(o->help, "\\", "\\'", b->out);
    fputs("'\n", b->out);
}

static void complete_fish(const Book *b)
{
    fputs("# fish completion of maxts, made by: maxts completion fish\n"
          "complete -c maxts -n __fish_use_subcommand -f\n",
          b->out);
    for (size_t i = 0; i < b->n; i++) {
        fprintf(b->out, "complete -c maxts -n __fish_use_subcommand -f -a %s -d '", b->commands[i].name);
        put_quoted(b->commands[i].what, "\\", "\\'", b->out);
        fputs("'\n", b->out);
        for (size_t k = 0; k < b->count; k++) {
            if (is_option(&b->options[k]) && (b->options[k].commands & b->commands[i].bit)) {
                fish_option(b, &b->commands[i], &b->options[k]);
            }
        }
    }
    fputs("complete -c maxts -n __fish_use_subcommand -f -a 'help man completion'\n"
          "complete -c maxts -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'\n"
          "complete -c maxts -n '__fish_seen_subcommand_from help' -f -a '",
          b->out);
    list_commands(b);
    fputs("'\n", b->out);
}

int manual_completion(const char *shell, const CommandRow *commands, size_t n, const Option *options, size_t count,
                      FILE *out, MtsError *err)
{
    static const struct {
        const char *shell;
        void (*write)(const Book *b);
    } shells[] = {{"bash", complete_bash}, {"zsh", complete_zsh}, {"fish", complete_fish}};
    const Book b = {commands, n, options, count, out};
    char hint[MTS_NEAR_HINT];
    for (size_t i = 0; i < sizeof shells / sizeof shells[0] && shell; i++) {
        if (strcmp(shell, shells[i].shell) == 0) {
            shells[i].write(&b);
            return MTS_OK;
        }
    }
    return mts_fail(err, MTS_EREQUEST, "completion: %s%s%s of bash, zsh, fish%s", shell ? "'" : "", shell ? shell : "",
                    shell ? "' is none" : "for which shell? One",
                    shell ? mts_near_in(shell, strlen(shell), "bash zsh fish", " ", hint, sizeof hint) : "");
}
