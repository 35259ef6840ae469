/* evidence/evidence.h - what labelled series have taught about others: log p(class | series) - log p(class).
 *
 * Evidence is learnt once (maxts train), kept in a file, and asked by the reward evidence:FILE. With log p of a text
 * from a language model, which is then the prior, exp of the sum is Bayes' rule. */
#ifndef MTS_EVIDENCE_EVIDENCE_H
#define MTS_EVIDENCE_EVIDENCE_H

#include <stdbool.h>

#include <maxts/series.h>

#include "core/json.h"
#include "evidence/seen_series.h"
#include "evidence/singly.h"
#include "evidence/window.h"

enum { MTS_EVIDENCE_MOST_CLASSES = 256, MTS_EVIDENCE_MOST_SAMPLES = 40000 };

typedef struct MtsEvidence {
    char **labels; /* [classes] */
    double *prior; /* [classes] shares of what was learnt from, sum 1 */
    size_t classes;
    MtsWindowShape shape;
    size_t columns;  /* of a row that count: without shapes, or all */
    double *weights; /* [columns][classes] of a row as mts_window_row() gives it: scores (evidence/calibrate.h) */
    double slope;
    bool knows;          /* held-out lessons are told better than by the prior, and not by chance (mts_knows()) */
    MtsSeen seen;        /* what was learnt from */
    MtsHeartModel heart; /* electrocardiograms: which single beats are ventricular; NULLs where nothing was learnt */
    json_t *about;       /* what a reader may want to know: data, scores, ... */
} MtsEvidence;

/* Labelled series, all of one length, number of channels and sampling rate. */
typedef struct MtsLessons {
    const MtsSeries **series; /* [count] */
    int *label;               /* [count], an index of names */
    size_t *group; /* [count], 0 .. groups - 1: what belongs together (a person, a night) is held out together */
    size_t count, groups;
    const char *const *names; /* [classes] */
    size_t classes;
    bool beats; /* electrocardiograms: told by their beats, where they are long and fine enough */
} MtsLessons;

/* Learns. `held` [count][classes] gets log p(class | series) of each series from those of other groups. MTS_EREQUEST
 * where lessons are too few or unlike. */
int mts_evidence_learn(MtsEvidence **evidence, const MtsLessons *lessons, double *held, MtsError *err);
void mts_evidence_free(MtsEvidence **evidence);

/* ratio [classes] = log p(class | series) - log p(class). MTS_EREQUEST where the series is unlike the lessons, or one
 * of them: who has seen the answer is no witness. */
int mts_evidence_judge(const MtsEvidence *evidence, const MtsSeries *series, double *ratio, MtsError *err);

/* ---- evidence_file.c ---- */

/* One sealed line of JSON (core/seal.h), "maxts": "evidence"; the whole of it is checked before it is used. */
int mts_evidence_write(const MtsEvidence *evidence, const char *path, MtsError *err);
/* From a text [size]; `name` stands for the path. (mts_evidence_read(), of the file, is in trained.c.) */
int mts_evidence_parse(MtsEvidence **evidence, const char *name, const char *text, size_t size, MtsError *err);
int mts_evidence_read(MtsEvidence **evidence, const char *path, MtsError *err);

#endif
