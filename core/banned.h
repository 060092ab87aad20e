/* Hides nothing: makes functions that truncate, overflow or hide errors fail to compile.
 * Must not know any module; the Makefile includes it into every file with -include. */
#ifndef SW_BANNED_H
#define SW_BANNED_H

/* Declared by these headers: they must come before the poison. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* With _FORTIFY_SOURCE some are macros, which clang does not poison. */
#undef strcpy
#undef strcat
#undef sprintf
#undef vsprintf

#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol gmtime localtime system popen

#endif
