/* search/maxent/wave_line.c - see wave_line.h. */
#include "search/maxent/wave_line.h"

#include <stdlib.h>

#include "core/mem.h"
#include "search/record/spot_check.h"

bool mts_wave_pass(MtsWave *wave, MtsWavePrefix prefix)
{
    if (!mts_grow(&wave->passed, &wave->passed_cap, wave->passed_count + 1, sizeof prefix)) {
        return false;
    }
    wave->passed[wave->passed_count++] = prefix;
    return true;
}

bool mts_wave_find(MtsWave *wave, MtsWaveText text)
{
    if (!mts_grow(&wave->found, &wave->found_cap, wave->found_count + 1, sizeof text)) {
        return false;
    }
    wave->found[wave->found_count++] = text;
    return true;
}

void mts_wave_clear(MtsWave *wave)
{
    free(wave->passed);
    free(wave->found);
    *wave = (MtsWave){0};
}

/* ---- reading ---- */

/* The node of a row that begins with [parent, token, logp, log_pi]; NULL where it is none. */
static MtsNode *read_node(MtsSearch *search, const MtsWave *wave, const json_t *row, bool finished, double *log_pi)
{
    size_t parent, token;
    double logp;
    if (!mts_field_whole(row, 0, 0, (double)wave->passed_count, &parent) ||
        !mts_field_whole(row, 1, 0, INT32_MAX, &token) || !mts_field_real(row, 2, -HUGE_VAL, 1e-6, &logp) ||
        !mts_field_real(row, 3, -HUGE_VAL, 1e-6, log_pi)) {
        return NULL;
    }
    MtsNode *from = parent ? wave->passed[parent - 1].node : search->nodes.root;
    bool ends = mts_search_ends(search, (size_t)from->depth + 1, (int32_t)token);
    return ends == finished ? mts_nodes_child(&search->nodes, from, (int32_t)token, logp, finished) : NULL;
}

/* Its likeliest `ahead` continuations were asked. */
static void foresee(const MtsNode *node, size_t ahead)
{
    MtsSums *s = mts_sums(node);
    s->foreseen = ahead > s->foreseen ? ahead : s->foreseen;
}

static int read_passed(MtsSearch *search, const json_t *rows, MtsWave *wave, MtsError *err)
{
    size_t ahead = wave->by_reward ? SIZE_MAX : search->settings.look_ahead;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        MtsWavePrefix p = {0};
        p.node = read_node(search, wave, row, false, &p.log_pi);
        if (!p.node || !mts_field_real(row, 4, 0, 2, &p.unseen) || !mts_field_real(row, 5, 0, HUGE_VAL, &p.unseen_q)) {
            return mts_checkpoint_bad(search->checkpoint, mts_maxent(search)->waves, "passed", err);
        }
        p.dead = json_is_true(json_array_get(row, 6));
        if (!mts_wave_pass(wave, p)) {
            return mts_out_of_memory(err);
        }
        mts_sums(p.node)->log_pi = p.log_pi;
        p.node->paid = true;
        foresee(p.node, ahead);
    }
    foresee(search->nodes.root, ahead);
    return MTS_OK;
}

static int read_found(MtsSearch *search, const json_t *rows, MtsWave *wave, MtsError *err)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        double log_pi;
        MtsWaveText f = {.text = read_node(search, wave, row, true, &log_pi), .place = MTS_NO_PLACE};
        bool placed = json_array_size(row) > 6;
        if (!f.text || !mts_field_real(row, 4, -HUGE_VAL, HUGE_VAL, &f.log_w) ||
            !mts_field_log(json_array_get(row, 5), &f.text->reward) ||
            (placed && !mts_field_whole(row, 6, 0, (double)json_array_size(rows), &f.place))) {
            return mts_checkpoint_bad(search->checkpoint, mts_maxent(search)->waves, "found", err);
        }
        if (!mts_wave_find(wave, f)) {
            return mts_out_of_memory(err);
        }
        f.text->scored = f.text->paid = true;
        mts_sums(f.text)->log_pi = log_pi;
    }
    return MTS_OK;
}

int mts_wave_read(MtsSearch *search, size_t size, MtsWave *wave, bool *recorded, MtsError *err)
{
    size_t waves = mts_maxent(search)->waves;
    *recorded = false;
    if (waves >= mts_checkpoint_count(search->checkpoint)) {
        return MTS_OK;
    }
    const json_t *line = mts_checkpoint_line(search->checkpoint, waves);
    const json_t *number = json_object_get(line, "wave"), *places = json_object_get(line, "size");
    if (!json_is_integer(number) || (uint64_t)json_integer_value(number) != waves || !json_is_integer(places)) {
        return mts_checkpoint_bad(search->checkpoint, waves, "wave", err);
    }
    if ((uint64_t)json_integer_value(places) != size) {
        return mts_checkpoint_forget(search->checkpoint, waves, err);
    }
    wave->passed_count = wave->found_count = 0;
    if (!mts_field_log(json_object_get(line, "log_z"), &wave->log_z)) {
        return mts_checkpoint_bad(search->checkpoint, waves, "log_z", err);
    }
    wave->calls = (uint64_t)json_integer_value(json_object_get(line, "reward_calls"));
    int rc = read_passed(search, json_object_get(line, "passed"), wave, err);
    *recorded = !rc;
    rc = rc ? rc : read_found(search, json_object_get(line, "found"), wave, err);
    return rc || !wave->found_count ? rc : mts_spot_check(search, wave->found[0].text, waves, err);
}

/* ---- writing ---- */

/* "[parent,token,logp,log_pi,": how read_node() finds it again. */
static bool put_node(MtsBytes *b, const MtsNode *node, bool first)
{
    size_t parent = node->parent->parent ? mts_sums(node->parent)->place + 1 : 0;
    return mts_bytes_printf(b, "%s[%zu,%d,%.17g,%.17g,", first ? "" : ",", parent, (int)node->token, node->logp,
                            mts_sums(node)->log_pi);
}

static bool put_wave(MtsBytes *b, size_t number, size_t size, uint64_t calls, const MtsWave *w)
{
    bool ok = mts_bytes_printf(b, "{\"wave\":%zu,\"size\":%zu,\"log_z\":", number, size) && mts_put_real(b, w->log_z) &&
              mts_bytes_append_str(b, ",\"passed\":[");
    for (size_t i = 0; ok && i < w->passed_count; i++) {
        const MtsWavePrefix *p = &w->passed[i];
        mts_sums(p->node)->place = i;
        ok = put_node(b, p->node, i == 0) &&
             mts_bytes_printf(b, "%.17g,%.17g%s]", p->unseen, p->unseen_q, p->dead ? ",true" : "");
    }
    ok = ok && mts_bytes_append_str(b, "],\"found\":[");
    for (size_t i = 0; ok && i < w->found_count; i++) {
        const MtsWaveText *f = &w->found[i];
        ok = put_node(b, f->text, i == 0) && mts_bytes_printf(b, "%.17g,", f->log_w) &&
             mts_put_real(b, f->text->reward) && (f->place == MTS_NO_PLACE || mts_bytes_printf(b, ",%zu", f->place)) &&
             mts_bytes_append_str(b, "]");
    }
    return ok && mts_bytes_printf(b, "],\"reward_calls\":%llu}\n", (unsigned long long)calls);
}

int mts_wave_write(MtsSearch *search, size_t size, const MtsWave *wave, MtsError *err)
{
    if (!mts_checkpoint_writes(search->checkpoint)) {
        return MTS_OK;
    }
    MtsBytes b = {0};
    bool ok = put_wave(&b, mts_maxent(search)->waves, size, search->reward_calls, wave);
    int rc = ok ? mts_checkpoint_append(search->checkpoint, &b, err) : mts_out_of_memory(err);
    mts_bytes_free(&b);
    return rc;
}
