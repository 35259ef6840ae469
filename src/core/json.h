/* core/json.h - JSON in and out, on jansson (UTF-8 checked, nesting bounded, doubles written so that
 * they read back to the same bits). */
#ifndef MTS_CORE_JSON_H
#define MTS_CORE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/error.h"

#if defined(__GNUC__)
/* Nothing that memory ran out under goes unnoticed: a result of these that nobody looks at does not compile, */
#define MTS_LOOK __attribute__((warn_unused_result))
int json_object_set_new(json_t *object, const char *key, json_t *value) MTS_LOOK;
int json_object_set_new_nocheck(json_t *object, const char *key, json_t *value) MTS_LOOK;
int json_object_update(json_t *object, json_t *other) MTS_LOOK;
int json_array_set_new(json_t *array, size_t index, json_t *value) MTS_LOOK;
int json_array_append_new(json_t *array, json_t *value) MTS_LOOK;
int json_array_insert_new(json_t *array, size_t index, json_t *value) MTS_LOOK;
int json_array_extend(json_t *array, json_t *other) MTS_LOOK;
#if !defined(__clang__) /* which has attributes before a definition alone */
static int json_object_set(json_t *object, const char *key, json_t *value) MTS_LOOK;
static int json_array_set(json_t *array, size_t index, json_t *value) MTS_LOOK;
static int json_array_append(json_t *array, json_t *value) MTS_LOOK;
#endif
#undef MTS_LOOK
/* and what does not tell of it, or tells it as something else, is not taken. */
#pragma GCC poison json_copy json_object_update_missing json_object_update_existing
#endif

/* Parses text or a whole file (at most `limit` bytes). On failure *out is NULL and the sentence
 * names the file (or `name`), the line and the reason. Release with json_decref(). */
int mts_json_parse(json_t **out, const char *name, const char *text, size_t size, MtsError *err);
int mts_json_read(json_t **out, const char *path, uint64_t limit, MtsError *err);

/* Likewise of a text whose strings may hold U+0000. */
int mts_json_parse_nul(json_t **out, const char *name, const char *text, size_t size, MtsError *err);

/* Likewise, and integers beyond 64 bits keep all their digits (up to 308): each is an object with one member that no
 * other text's has. mts_json_digits gives them, NULL where a value is none such. */
int mts_json_parse_large(json_t **out, const char *name, const char *text, size_t size, MtsError *err);
const char *mts_json_digits(const json_t *value);

/* A text (malloc'ed) of the value on one line, doubles with 17 significant digits; NULL when memory ran out. */
char *mts_json_text(const json_t *value);

/* Likewise on many lines, for people. */
char *mts_json_lines(const json_t *value);

/* Writes the value and a newline, flushes, and says so when the stream took less than all of it. Nothing is written
 * when memory ran out. */
int mts_json_print(FILE *stream, const char *name, const json_t *value, MtsError *err);

/* A string of bytes that may hold anything: broken UTF-8 and NUL become U+FFFD. NULL when memory ran out. */
json_t *mts_json_string(const char *text, size_t size);

/* Putting values together. The object (or list) under construction is *to; once any step has failed, because memory
 * ran out, *to is NULL and stays so, and what had been put there is released. So a whole record is built without a
 * check between its steps, and is whole or NULL at the end. `key` is NULL for lists. */
void mts_json_add(json_t **to, const char *key, json_t *value); /* takes the reference; NULL: what made it failed */
void mts_json_add_int(json_t **to, const char *key, json_int_t value);
void mts_json_add_real(json_t **to, const char *key, double value); /* as mts_json_real() */
void mts_json_add_flag(json_t **to, const char *key, bool value);
void mts_json_add_text(json_t **to, const char *key, const char *text); /* as mts_json_string(); NULL: null */

/* JSON has no infinities: a finite x as a number, anything else as null. */
json_t *mts_json_real(double x);

#endif
