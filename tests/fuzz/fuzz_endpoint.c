/* An engine's address: what is taken is shown in a form that means the same address. */
#include "docker/endpoint.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SW_CLEANUP(free) char *text = fuzz_text(data, size);
	struct sw_endpoint endpoint, back;
	struct sw_error err = {0};

	if (sw_endpoint_parse(text, &endpoint, &err) < 0) {
		fuzz_check_error(&err);
		return 0;
	}
	FUZZ_CHECK(strnlen(endpoint.text, sizeof endpoint.text) < sizeof endpoint.text);
	FUZZ_CHECK(endpoint.is_unix ? endpoint.path[0] == '/' : endpoint.host[0] && endpoint.port >= 1);
	FUZZ_CHECK(strnlen(endpoint.path, sizeof endpoint.path) < sizeof endpoint.path);
	FUZZ_CHECK(strnlen(endpoint.host, sizeof endpoint.host) < sizeof endpoint.host);
	FUZZ_CHECK(endpoint.port <= 65535 && !endpoint.address[0]);
	FUZZ_CHECK(sw_endpoint_parse(endpoint.text, &back, &err) == 0);
	FUZZ_CHECK(endpoint.is_unix == back.is_unix && endpoint.port == back.port);
	FUZZ_CHECK(strcmp(endpoint.path, back.path) == 0 && strcmp(endpoint.host, back.host) == 0);
	FUZZ_CHECK(strcmp(endpoint.text, back.text) == 0);
	return 0;
}
