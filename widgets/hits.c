#include "widgets/hits.h"

void sw_hits_add(struct sw_hits *hits, struct sw_area area, int index)
{
	if (area.w > 0 && area.h > 0 && hits->n < SW_HITS_MAX)
		hits->list[hits->n++] = (struct sw_hit){area.x, area.y, area.w, area.h, index};
}

int sw_hits_at(const struct sw_hits *hits, int x, int y)
{
	for (int i = 0; i < hits->n; i++) {
		const struct sw_hit *hit = &hits->list[i];
		if (x >= hit->x && y >= hit->y && x - hit->x < hit->w && y - hit->y < hit->h)
			return hit->index;
	}
	return -1;
}
