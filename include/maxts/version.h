/* maxts/version.h - the version, in one place; meson.build reads it from here. */
#ifndef MAXTS_VERSION_H
#define MAXTS_VERSION_H

#define MTS_VERSION "0.1.0"

#endif
