/* docker/proxy.h on a command line, for tests and by hand:
 *
 *   proxy ENGINE DIR
 *
 * says where it listens ("unix:///DIR/p0"), then reads commands, one a line, until the end of its input:
 *
 *   arm FAULT TARGET [SECONDS [CODE [BYTES]]]   answered by "armed"
 *   disarm                                      answered by "disarmed N", those that had not hit anything
 *
 * and says "hit WHAT" as a fault hits. What it does not understand it answers by "error …". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "docker/proxy.h"

static void on_hit(void *user, uint64_t tag, const char *what)
{
	(void)user, (void)tag;
	(void)printf("hit %s\n", what);
}

static void arm(struct sw_proxy *proxy, const char *line)
{
	char fault_word[32] = "", target_word[32] = "";
	double seconds = 1;
	int code = 500;
	long long bytes = 0;
	(void)sscanf(line, "arm %31s %31s %lf %d %lld", fault_word, target_word, &seconds, &code,
	             &bytes);
	int fault = sw_word_value(&sw_words_fault, fault_word);
	int target = sw_word_value(&sw_words_target, target_word);
	struct sw_proxy_fault armed = {.fault = (enum sw_fault)fault,
	                               .target = (enum sw_target)target,
	                               .duration_ns = (int64_t)(seconds * 1e9),
	                               .code = code,
	                               .bytes = bytes};
	if (fault < 0)
		(void)printf("error '%s' is no fault\n", fault_word);
	else if (target < 0)
		(void)printf("error '%s' is no target\n", target_word);
	else
		(void)puts(sw_proxy_arm(proxy, 0, &armed) ? "armed" : "error too many faults wait");
}

int main(int argc, char **argv)
{
	struct sw_error err;
	struct sw_endpoint engine, endpoint;
	struct sw_proxy *proxy = NULL;
	char line[256];
	if (argc != 3) {
		(void)fputs("usage: proxy ENGINE DIR\n", stderr);
		return 2;
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (sw_endpoint_parse(argv[1], &engine, &err) < 0 ||
	    sw_proxy_start(&engine, argv[2], on_hit, NULL, &proxy, &err) < 0 ||
	    sw_proxy_listen(proxy, &endpoint, &err) < 0) {
		(void)fprintf(stderr, "proxy: %s\n", err.message);
		sw_proxy_stop(proxy);
		return 1;
	}
	(void)puts(endpoint.text);
	while (fgets(line, sizeof line, stdin)) {
		if (strncmp(line, "arm ", 4) == 0)
			arm(proxy, line);
		else if (strcmp(line, "disarm\n") == 0)
			(void)printf("disarmed %d\n", sw_proxy_disarm(proxy, 0, 0));
		else
			(void)printf("error not understood: %s", line);
	}
	sw_proxy_stop(proxy);
	return 0;
}
