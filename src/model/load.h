/* model/load.h - tensors of a file to packed matrices and vectors in memory. */
#ifndef MTS_MODEL_LOAD_H
#define MTS_MODEL_LOAD_H

#include "model/model.h"

/* Fills in layers, matrices, vectors and rope factors of a model whose config is there. What was taken is released by
 * mts_load_clear() also when this fails. */
int mts_load(MtsModel *model, const MtsGguf *gguf, int threads, MtsError *err);
void mts_load_clear(MtsModel *model);

#endif
