#include "widgets/scrollbar.h"

void sw_scrollbar_draw(struct sw_area area, int total, int page, int top)
{
	int h = area.h, hidden = total - page;
	if (h < 1 || area.w < 1 || hidden < 1)
		return;
	int size = (int)((int64_t)h * page / total);
	int ends_free = h > 2 ? 2 : h - 1; /* so that the thumb can leave both ends */
	if (size > h - ends_free)
		size = h - ends_free;
	if (size < 1)
		size = 1;
	int at = 0;
	if (top >= hidden)
		at = h - size;
	else if (top > 0 && h - size >= 2)
		at = 1 + (int)((int64_t)(top - 1) * (h - size - 1) / (hidden > 1 ? hidden - 1 : 1));
	for (int y = 0; y < h; y++) {
		bool thumb = y >= at && y < at + size;
		sw_put_char(area, 0, y,
		            thumb ? sw_area_glyphs(area)->thumb : sw_area_glyphs(area)->vertical,
		            thumb ? SW_ROLE_DIM : SW_ROLE_TRACK);
	}
}
