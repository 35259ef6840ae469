/* reward/words.c - prose to words.
 *
 * Prose to words. The vocabulary is the one below and nothing else: a word that is not in it means nothing, which
 * is how vague text comes to claim nothing. */
#include "reward/words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/number.h"

/* Space-separated words of one meaning. */
static const struct {
    uint64_t means;
    const char *words;
} vocabulary[] = {
    {W_RISE, " rise rises rising rose risen increase increases increasing increased grow grows growing grew growth "
             "climb climbs "
             "climbing climbed upward upwards uptrend ascending ascends "},
    {W_FALL,
     " fall falls falling fell fallen decrease decreases decreasing decreased decline declines declining declined drop "
     "drops dropping dropped downward downwards downtrend descending descends "},
    {W_FLAT, " flat stable constant steady unchanged stationary plateau plateaus "},
    {W_TREND, " trend trends "},
    {W_NOT, " no not without never neither nor lacks lack lacking isn't doesn't don't hardly "},
    {W_MAYBE, " may might could possibly perhaps maybe can would should if whether unclear potentially likely "},
    {W_ABOUT, " about around approximately roughly nearly almost circa near close "},
    {W_MAX, " maximum max highest peak peaks peaked peaking largest maxima "},
    {W_MIN, " minimum min lowest trough troughs smallest bottoms bottomed minima "},
    {W_MEAN, " mean average averages averaging averaged "},
    {W_MEDIAN, " median "},
    {W_DEVIATION, " deviation "},
    {W_SEASONAL,
     " seasonal seasonality periodic periodicity periodically cyclic cyclical cycle cycles recurring repeating repeats "
     "repeat repetitive "},
    {W_PERIOD, " period "},
    {W_EVERY, " every each "},
    {W_UNREST,
     " volatility volatile variability variable fluctuations fluctuation variance noise noisy calm calmer quieter "
     "smoother erratic unstable "},
    {W_MORE, " rise increase grow more higher greater larger increasing increases increased rising rises grows growing "
             "stronger wilder "},
    {W_LESS, " fall decrease decline less lower smaller decreasing decreases decreased declining declines falling "
             "falls reduced weaker calmer quieter "
             "smoother "},
    {W_SUDDEN, " sudden suddenly abrupt abruptly jump jumps jumped jumping "},
    {W_STEP, " step steps index hour hours point points time day days position observation sample t "},
    {W_STARTS, " starts started starting begins began beginning "},
    {W_ENDS, " ends ended ending finishes finished finishing "},
    {W_VALUE, " value level "},
    {W_FIRST, " first initial "},
    {W_LAST, " last final "},
    {W_SECOND, " second latter "},
    {W_HALF, " half "},
    {W_THIRD, " third part "},
    {W_QUARTER, " quarter "},
    {W_EARLY, " initially early beginning outset start "},
    {W_MIDDLE, " middle midway centre center "},
    {W_LATE, " finally late end ending eventually "},
    {W_WHOLE, " overall throughout whole entire generally "},
    {W_RANGE, " range ranges ranging ranged vary varies varying fluctuate fluctuates fluctuating oscillates "
              "oscillating values "},
    {W_HOVER, " hover hovers hovering fluctuate fluctuates fluctuating oscillates oscillating centered centred "},
    {W_FROM, " from "},
    {W_TO, " to "},
    {W_BETWEEN, " between "},
    {W_AND, " and "},
    {W_BREAK, " but while whereas then before after although however followed which when until with "},
    {W_NEXT, " then followed before "},
    {W_THE, " the its "},
    {W_PERCENT, " percent "},
    {W_RISE | W_UPDOWN, " up "},
    {W_FALL | W_UPDOWN, " down "},
    {W_GOES, " goes go going went trends trending moves moving moved "},
};

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static bool is_letter(char c)
{
    return (lower(c) >= 'a' && lower(c) <= 'z') || c == '\'' || (unsigned char)c >= 0x80;
}

static uint64_t meaning(const char *s, size_t n)
{
    char key[24];
    uint64_t means = 0;
    if (n + 3 > sizeof key) {
        return 0;
    }
    key[0] = ' ';
    for (size_t i = 0; i < n; i++) {
        key[i + 1] = lower(s[i]);
    }
    key[n + 1] = ' ';
    key[n + 2] = '\0';
    for (size_t i = 0; i < sizeof vocabulary / sizeof vocabulary[0]; i++) {
        means |= strstr(vocabulary[i].words, key) ? vocabulary[i].means : 0;
    }
    return means;
}

static bool is_word(const char *s, size_t n, const char *word)
{
    bool same = strlen(word) == n;
    for (size_t i = 0; same && i < n; i++) {
        same = lower(s[i]) == word[i];
    }
    return same;
}

/* "a high of" and "a low of" are extremes; "high" and "low" by themselves are not. */
static void mark_extreme(const char *text, MtsWords *words)
{
    MtsWord *last = words->count ? &words->items[words->count - 1] : NULL;
    if (last && last->kind == T_WORD) {
        const char *s = text + last->begin;
        size_t n = last->end - last->begin;
        last->means |= is_word(s, n, "high") ? W_MAX : is_word(s, n, "low") ? W_MIN : 0;
    }
}

/* One in the last written place of s[0..n), and in its last place that is not 0. */
static void units(const char *s, size_t n, MtsWord *w)
{
    double unit = 1, round_unit = 1;
    size_t point = n, zeros = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] == 'e' || s[i] == 'E') {
            return;
        }
        point = s[i] == '.' ? i : point;
    }
    if (point < n) {
        unit = round_unit = pow(10, -(double)(n - point - 1));
    } else {
        for (size_t i = n; i > 0 && (s[i - 1] == '0' || s[i - 1] == ','); i--) {
            zeros += s[i - 1] == '0';
        }
        round_unit = pow(10, (double)zeros);
    }
    w->unit = unit;
    w->round_unit = w->value != 0 ? round_unit : unit;
}

static bool add(MtsWords *words, MtsWord w)
{
    if (!mts_grow(&words->items, &words->cap, words->count + 1, sizeof *words->items)) {
        return false;
    }
    words->items[words->count++] = w;
    return true;
}

int mts_words_read(const char *text, size_t size, MtsWords *words, MtsError *err)
{
    memset(words, 0, sizeof *words);
    size_t position = 0, i = 0;
    MtsNumber number = {0, size, size};
    bool more = mts_number_next(text, size, MTS_NUMBERS_PROSE, &position, &number), ok = true;
    while (i < size && ok) {
        MtsWord w = {T_WORD, 0, 0, 0, 0, false, i, i + 1};
        if (more && i >= number.begin) {
            w.kind = T_NUMBER;
            w.value = number.value;
            w.end = number.end;
            units(text + number.begin, number.end - number.begin, &w);
            w.percent = number.end < size && text[number.end] == '%';
            ok = add(words, w);
            i = number.end;
            more = mts_number_next(text, size, MTS_NUMBERS_PROSE, &position, &number);
            continue;
        }
        if (is_letter(text[i])) {
            while (w.end < size && is_letter(text[w.end])) {
                w.end++;
            }
            w.means = meaning(text + i, w.end - i);
            if ((w.means & W_PERCENT) && words->count && words->items[words->count - 1].kind == T_NUMBER) {
                words->items[words->count - 1].percent = true;
            }
            if (is_word(text + i, w.end - i, "of")) {
                mark_extreme(text, words);
            }
            ok = add(words, w);
        } else if (strchr(".!?\n", text[i]) && text[i]) {
            w.kind = T_STOP;
            ok = add(words, w);
        } else if (strchr(",;:()", text[i]) && text[i]) {
            w.kind = T_BREAK;
            ok = add(words, w);
        }
        i = w.end;
    }
    return ok ? MTS_OK : mts_fail(err, MTS_ENOMEM, "reward claims: memory ran out after %zu words", words->count);
}

void mts_words_free(MtsWords *words)
{
    free(words->items);
    memset(words, 0, sizeof *words);
}
