/* maxts/maxts.h - everything. */
#ifndef MAXTS_MAXTS_H
#define MAXTS_MAXTS_H

#include <maxts/api.h>
#include <maxts/constraint.h>
#include <maxts/engine.h>
#include <maxts/error.h>
#include <maxts/measure.h>
#include <maxts/model.h>
#include <maxts/reward.h>
#include <maxts/search.h>
#include <maxts/series.h>
#include <maxts/table.h>
#include <maxts/tokenizer.h>
#include <maxts/version.h>

#endif
