#include "tui/screen_observe.h"

#include <stdio.h>

int sw_screen_observe(const struct sw_observe_options *options)
{
	(void)options;
	fputs("sandwatch: watch --containers is not there yet\n", stderr);
	return SW_EXIT_FAILED;
}
