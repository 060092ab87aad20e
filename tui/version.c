#include "tui/cli.h"

const char sw_version[] = SW_VERSION;
const char sw_commit[] = SW_COMMIT;
