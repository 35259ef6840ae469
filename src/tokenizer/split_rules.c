/* tokenizer/split_rules.c - see split_rules.h.
 *
 * The expressions are those published with the models (in their tokenizer.json; `default`: what files without a name
 * are cut by), but for what the notation asks for: \p{Lu} has Lt in it, \p{Lo} has Lm, and \p{17F} is the long s, which
 * the case-insensitive 's matches. Where a long run of white space would take quadratic time, an expression looks back
 * for the run's beginning; it cuts as the published one does. */
#include "tokenizer/split_rules.h"

#include <string.h>

#define BLANKS "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define GPT2 "'(?:s|t|re|ve|m|ll|d)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
#define SHORT_FORM "'(?:[sS\\p{17F}]|[tT]|[rR][eE]|[vV][eE]|[mM]|[lL][lL]|[dD])"

/* Llama-3's and what followed it: how long a number may be, what letters are, and what is neither. */
#define MODERN(NUMBER, LETTERS, OTHERS) SHORT_FORM "|[^\\r\\n\\p{L}\\p{N}]?" LETTERS "+|" NUMBER "| ?" OTHERS "|" BLANKS
#define OTHERS "[^\\s\\p{L}\\p{N}]+[\\r\\n]*"

/* Words in capitals are cut from what goes on small; SUFFIX: what may follow a word. */
#define UPPERS "[\\p{Lu}\\p{Lo}\\p{M}]"
#define LOWERS "[\\p{Ll}\\p{Lo}\\p{M}]"
#define CASED(SUFFIX, NUMBER)                                                                                          \
    "[^\\r\\n\\p{L}\\p{N}]?" UPPERS "*" LOWERS "+" SUFFIX "|[^\\r\\n\\p{L}\\p{N}]?" UPPERS "+" LOWERS "*" SUFFIX       \
    "|" NUMBER "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" BLANKS

#define RUN_BEGINS "(?:\\G|(?<!\\s))"

/* Of DeepSeek's expressions, which write the characters themselves. */
static const MtsSplitRange eastern[] = {{0x0800, 0x9FA5}, {0xAC00, 0xD7FF}, {0, 0}};
static const MtsSplitRange han_and_kana[] = {{0x3040, 0x30FF}, {0x4E00, 0x9FA5}, {0, 0}};
static const MtsSplitRange wide_marks[] = {
    {0x2018, 0x201F}, {0x3000, 0x3002}, {0xFF01, 0xFF0F}, {0xFF1A, 0xFF5E}, {0, 0}};
/* Letters with case that its list of them leaves out. */
static const MtsSplitRange unlisted[] = {{0x0560, 0x0588},
                                         {0x10C7, 0x10CD},
                                         {0x10D0, 0x10FF},
                                         {0x1C80, 0x1C88},
                                         {0x2D00, 0x2D2D},
                                         {0xA790, 0xA7FA},
                                         {0xAB30, 0xAB68},
                                         {0x10570, 0x105BC},
                                         {0x16E40, 0x16E7F},
                                         {0x1D400, 0x1DF2A},
                                         {0, 0}};

static const MtsSplitWords by_default = {{"[\\p{P}$+<=>^~|]+", GPT2, "\\p{N}+", "[0-9][0-9][0-9]"}, {NULL}};
static const MtsSplitWords falcon = {{"[\\p{P}$+<=>^~|`]+", GPT2, "[0-9][0-9][0-9]"}, {NULL}};
static const MtsSplitWords gpt2 = {{GPT2}, {NULL}};
static const MtsSplitWords digits_alone = {{"\\p{N}", GPT2}, {NULL}};
static const MtsSplitWords llama3 = {{MODERN("\\p{N}{1,3}", "\\p{L}", OTHERS)}, {NULL}};
static const MtsSplitWords qwen2 = {{MODERN("\\p{N}", "\\p{L}", OTHERS)}, {NULL}};
static const MtsSplitWords qwen35 = {{MODERN("\\p{N}", "[\\p{L}\\p{M}]", "[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*")},
                                     {NULL}};
static const MtsSplitWords seed_coder = {{MODERN("\\p{N}", "\\p{L}", "[^\\s\\p{L}\\p{N}\\r\\n]+")}, {NULL}};
static const MtsSplitWords tekken = {{CASED("", "\\p{N}")}, {NULL}};
static const MtsSplitWords gpt_4o = {{CASED("(?:" SHORT_FORM ")?", "\\p{N}{1,3}")}, {NULL}};
static const MtsSplitWords deepseek_llm = {
    {"[\\r\\n]", "\\s?[\\p{Lu-2}\\p{Ll-2}]+", "\\s?[!-/:-~\\p{1}]+", RUN_BEGINS "\\s++$", "\\p{0}+", "\\p{N}+"},
    {eastern, wide_marks, unlisted}};
static const MtsSplitWords deepseek_coder = {{"[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", "\\p{0}+", "\\p{N}"},
                                             {eastern}};
static const MtsSplitWords deepseek_v3 = {{"\\p{N}{1,3}", "\\p{0}+",
                                           "[!-/:-@\\[-`{-~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
                                           "| ?[\\p{P}\\p{S}]+[\\r\\n]*|" BLANKS},
                                          {han_and_kana}};

const MtsSplitRule mts_split_rules[] = {
    {"default", &by_default, false, false},
    {"falcon", &falcon, false, false},
    {"gpt-2", &gpt2, false, false},
    {"phi-2", &gpt2, false, false},
    {"mpt", &gpt2, false, false},
    {"olmo", &gpt2, false, false},
    {"jais", &gpt2, false, false},
    {"trillion", &gpt2, false, false},
    {"exaone4", &gpt2, false, false},
    {"smollm", &digits_alone, false, false},
    {"starcoder", &digits_alone, false, false},
    {"refact", &digits_alone, false, false},
    {"command-r", &digits_alone, false, false},
    {"codeshell", &digits_alone, false, false},
    {"exaone", &digits_alone, false, false},
    {"minerva-7b", &digits_alone, false, false},
    {"llama-bpe", &llama3, true, true},
    {"llama3", &llama3, true, true},
    {"llama-v3", &llama3, true, true},
    {"falcon3", &llama3, true, true},
    {"falcon-h1", &llama3, true, true},
    {"midm-2.0", &llama3, true, true},
    {"pixtral", &llama3, true, true},
    {"lfm2", &llama3, true, true},
    {"smaug-bpe", &llama3, false, false},
    {"dbrx", &llama3, false, false},
    {"chatglm-bpe", &llama3, false, false},
    {"glm4", &llama3, false, true},
    {"qwen2", &qwen2, false, false},
    {"deepseek-r1-qwen", &qwen2, false, false},
    {"megrez", &qwen2, false, false},
    {"stablelm2", &qwen2, false, false},
    {"hunyuan", &qwen2, false, false},
    {"grok-2", &qwen2, false, false},
    {"qwen35", &qwen35, false, false},
    {"seed-coder", &seed_coder, false, false},
    {"tekken", &tekken, true, true},
    {"gpt-4o", &gpt_4o, false, false},
    {"llama4", &gpt_4o, false, false},
    {"deepseek-llm", &deepseek_llm, false, false},
    {"deepseek-coder", &deepseek_coder, false, false},
    {"deepseek-v3", &deepseek_v3, false, false},
    {"hunyuan-dense", &deepseek_v3, false, false},
};

const size_t mts_split_rule_count = sizeof mts_split_rules / sizeof *mts_split_rules;

const MtsSplitRule *mts_split_rule_named(const char *name, size_t size)
{
    for (size_t i = 0; i < mts_split_rule_count; i++) {
        const char *known = mts_split_rules[i].name;
        if (strlen(known) == size && memcmp(known, name, size) == 0) {
            return &mts_split_rules[i];
        }
    }
    return NULL;
}
