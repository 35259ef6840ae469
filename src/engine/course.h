/* engine/course.h - where an answer stands by its own words: in its thinking, and how near to a stop string. */
#ifndef MTS_ENGINE_COURSE_H
#define MTS_ENGINE_COURSE_H

#include <maxts/engine.h>

#include "core/mem.h"

enum { MTS_STOP_BYTES = 256 }; /* of the longest stop string */

typedef struct MtsStops {
    const char *const *texts; /* [count] */
    size_t count;
} MtsStops;

/* The byte where the first stop string in text begins; SIZE_MAX: there is none. */
size_t mts_stops_find(MtsStops stops, const char *text, size_t size);
/* How many bytes at the end of text may be the beginning of one. */
size_t mts_stops_held(MtsStops stops, const char *text, size_t size);

/* What a request says of its answers' course. */
typedef struct MtsRules {
    MtsStops stops;      /* borrowed from the request */
    size_t tail_most;    /* bytes that a course keeps: one less than the longest stop string */
    size_t think_tokens; /* of the longest thinking span; 0: all is answer */
    int32_t open, close; /* the tokens that it stands between */
    bool opened;         /* the prompt leaves one open */
    bool constrained; /* a constraint says what an answer begins with; otherwise blanks behind the span are no part */
} MtsRules;

/* MTS_EREQUEST: stop strings or thinking that cannot be. Of a table there are no rules. */
int mts_rules_make(MtsRules *rules, const MtsEngine *engine, const MtsRequest *request, MtsError *err);

typedef enum MtsPhase { MTS_BEFORE_THINKING, MTS_THINKING, MTS_BEHIND_THINKING, MTS_ANSWERING } MtsPhase;

typedef struct MtsCourse {
    MtsPhase phase;
    size_t thought; /* tokens of the span so far */
    bool stopped;   /* the answer holds a stop string */
    char *tail;     /* [tail_size] the last bytes of the answer, rules->tail_most at most */
    size_t tail_size;
} MtsCourse;

MtsCourse mts_course_begin(const MtsRules *rules); /* without a tail */
/* One token further. after->tail is in `scratch`, which is written over. */
int mts_course_step(const MtsRules *rules, const MtsTokenizer *tokenizer, const MtsCourse *before, int32_t token,
                    MtsCourse *after, MtsBytes *scratch, MtsError *err);

/* The one token that may follow, whatever the model says: `end` behind a stop string, or the span's own; -1: none. */
int32_t mts_course_forced(const MtsRules *rules, const MtsCourse *course, int32_t end);

/* Where in tokens the answer begins: behind the span, at `count` inside it. */
size_t mts_rules_answer(const MtsRules *rules, const MtsTokenizer *tokenizer, const int32_t *tokens, size_t count);

/* The answer's text, malloc'ed: what follows the span, up to the first stop string; *stopped (may be NULL): there is
 * one. `count` leaves out the end token. partial: as mts_detokenize(). Of a table its ids. */
int mts_answer_text(const MtsEngine *engine, const MtsRules *rules, const int32_t *tokens, size_t count, bool partial,
                    char **text, size_t *size, bool *stopped, MtsError *err);

#endif
