/* maxts/api.h - MTS_API marks what the library exports, and nothing else is.
 *
 * A program that links the static library on Windows defines MTS_STATIC before it includes any header of maxts;
 * nowhere else is there anything to define. MTS_BUILD is the library's own.
 */
#ifndef MAXTS_API_H
#define MAXTS_API_H

#if defined(_WIN32) && defined(MTS_STATIC)
#define MTS_API
#elif defined(_WIN32) && defined(MTS_BUILD)
#define MTS_API __declspec(dllexport)
#elif defined(_WIN32)
#define MTS_API __declspec(dllimport)
#elif defined(__GNUC__)
#define MTS_API __attribute__((visibility("default")))
#else
#define MTS_API
#endif

#endif
