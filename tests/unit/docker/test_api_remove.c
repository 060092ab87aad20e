#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/docker/api_fixture.h"

static void test_remove(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	begin(f, R_204);
	ASK(a, sw_api_container_remove(f->api, "a_name.1-x", SECOND, on_done, &a));
	assert_fine(&a);
	assert_asked(f, "DELETE /v1.41/containers/a_name.1-x?force=1&v=1");
	f->replies[0] = R_CREATE_404;
	ASK(a, sw_api_container_remove(f->api, R_ID, SECOND, on_done, &a));
	assert_fine(&a);
	f->replies[0] = R_CREATE_409;
	ASK(a, sw_api_container_remove(f->api, R_ID, SECOND, on_done, &a));
	assert_failed(&a, SW_ERR_REFUSED, "removing container f315b57d6c69: Conflict");
}

/* Whoever is told that it is gone must not find it in a list. */
static void test_remove_waits_for_anothers(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	f->replies[1] = R_WAIT_0;
	f->replies[2] = R_CREATE_404;
	begin(f, R_REMOVING_409);
	ASK(a, sw_api_container_remove(f->api, R_ID, SECOND, on_done, &a));
	assert_fine(&a);
	assert_int_equal(atomic_load(&f->peer->requests), 3);
	assert_asked(f, "DELETE /v1.41/containers/" R_ID "?force=1&v=1");
}

/* Its remover has failed, and somebody is at it again. */
static void test_remove_that_goes_on_and_on(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	f->replies[1] = R_WAIT_0;
	f->replies[2] = R_REMOVING_409;
	begin(f, R_REMOVING_409);
	ASK(a, sw_api_container_remove(f->api, R_ID, SECOND, on_done, &a));
	assert_failed(&a, SW_ERR_REFUSED, "removing container f315b57d6c69: removal of container");
	assert_int_equal(atomic_load(&f->peer->requests), 3);
}

static void test_remove_of_one_that_is_removed_for_ever(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	f->replies[1] = R_JSON("200 OK") "Content-Length: 32\r\n\r\n"; /* and nothing more */
	begin(f, R_REMOVING_409);
	ASK(a, sw_api_container_remove(f->api, R_ID, SECOND / 20, on_done, &a));
	assert_failed(&a, SW_ERR_TIMEOUT, "waiting for the removal of container f315b57d6c69");
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_remove),
		T(test_remove_waits_for_anothers),
		T(test_remove_that_goes_on_and_on),
		T(test_remove_of_one_that_is_removed_for_ever),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
