#include "core/numbers.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

static struct sw_number fixed(double value, int decimals, const char *plus)
{
	static const uint64_t power10[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
	struct sw_number n;
	uint64_t scale = power10[decimals];
	double scaled = round(fabs(value) * (double)scale);
	const char *sign = value < 0 && scaled > 0 ? "-" : plus;

	if (!isfinite(value))
		(void)snprintf(n.text, sizeof(n.text), "-");
	else if (scaled >= 9e15)
		(void)snprintf(n.text, sizeof(n.text), "%s%.0e", sign, fabs(value));
	else if (decimals == 0)
		(void)snprintf(n.text, sizeof(n.text), "%s%" PRIu64, sign, (uint64_t)scaled);
	else
		(void)snprintf(n.text, sizeof(n.text), "%s%" PRIu64 ".%0*" PRIu64, sign,
		               (uint64_t)scaled / scale, decimals, (uint64_t)scaled % scale);
	return n;
}

struct sw_number sw_fixed(double value, int decimals)
{
	return fixed(value, decimals, "");
}

struct sw_number sw_signed(double value, int decimals)
{
	return fixed(value, decimals, "+");
}

struct sw_number sw_plain(double value)
{
	struct sw_number n = sw_fixed(value, 3);
	char *point = strchr(n.text, '.');

	for (char *end = point ? n.text + strlen(n.text) : NULL; end && end[-1] == '0';)
		*--end = '\0';
	if (point && point[1] == '\0')
		*point = '\0';
	return n;
}

static struct sw_number with_percent_sign(struct sw_number n)
{
	struct sw_number out;
	(void)snprintf(out.text, sizeof(out.text), "%.32s %%", n.text);
	return out;
}

struct sw_number sw_percent(double percent)
{
	return with_percent_sign(sw_signed(percent, fabs(percent) < 9.95 ? 1 : 0));
}

struct sw_number sw_percent_fixed(double percent)
{
	return with_percent_sign(sw_signed(percent, 1));
}

struct sw_number sw_share(double fraction)
{
	return with_percent_sign(sw_fixed(fraction * 100.0, 1));
}

struct sw_number sw_rate(double fraction)
{
	if (fraction < 1.0 && fraction >= 0.9995)
		return (struct sw_number){">99.9 %"};
	if (fraction > 0.0 && fraction < 0.0005)
		return (struct sw_number){"<0.1 %"};
	return sw_share(fraction);
}

struct sw_unit sw_unit_for(double smallest_ns, double largest_ns)
{
	if (largest_ns < 1e6)
		return (struct sw_unit){"µs", 1e3, 1};
	if (largest_ns >= 10e9)
		return (struct sw_unit){"s", 1e9, 3};
	return (struct sw_unit){"ms", 1e6, smallest_ns < 0.1e6 ? 3 : smallest_ns < 100e6 ? 2 : 1};
}

struct sw_number sw_in_unit(struct sw_unit unit, double ns)
{
	return sw_fixed(ns / unit.ns, unit.decimals);
}

struct sw_number sw_signed_in_unit(struct sw_unit unit, double ns)
{
	return sw_signed(ns / unit.ns, unit.decimals);
}

int64_t sw_whole_ns(double ns)
{
	if (ns >= 9e18)
		return INT64_MAX;
	if (ns <= -9e18)
		return -INT64_MAX;
	return isfinite(ns) ? (int64_t)llround(ns) : 0;
}

struct sw_number sw_duration(double ns)
{
	struct sw_number n;

	(void)sw_text_duration(n.text, sizeof(n.text), sw_whole_ns(ns));
	return n;
}
