#include "core/numbers.h"
#include "core/snapshot_parts.h"

void sw_snapshot_difference(struct sw_json *json, const char *key, const struct sw_figures *figures,
                            const struct sw_difference *difference)
{
	if (!difference->is_known) {
		sw_json_null(json, key);
		return;
	}
	const struct sw_mode_info *from = &figures->modes[difference->a].state->info;

	sw_json_object(json, key);
	sw_snapshot_text(json, "mode", *from->name ? from->name : "?");
	sw_snapshot_ns(json, "mean_ns", difference->ns);
	sw_snapshot_ci(json, "ci95", difference->ci);
	sw_json_double(json, "percent", difference->percent);
	sw_snapshot_range(json, "percent_ci95", difference->ci.method, difference->percent_low,
	                  difference->percent_high);
	sw_json_bool(json, "distinguishable", difference->is_distinguishable);
	sw_json_end_object(json);
}

static int put_difference(struct sw_json *json, const char *key, const struct sw_figures *figures,
                          int from, int to)
{
	struct sw_difference difference = {0};

	if (from >= 0 && sw_figures_difference(figures, from, to, &difference))
		return -1;
	sw_snapshot_difference(json, key, figures, &difference);
	return 0;
}

static void put_drift(struct sw_json *json, const struct sw_drift *drift)
{
	if (!drift->is_judged) {
		sw_json_null(json, "drift");
		return;
	}
	sw_json_object(json, "drift");
	sw_json_bool(json, "found", drift->is_found);
	sw_snapshot_ns(json, "first_ns", drift->first_ns);
	sw_snapshot_ns(json, "last_ns", drift->last_ns);
	sw_snapshot_ns(json, "difference_ns", drift->ns);
	sw_snapshot_ci(json, "ci95", drift->ci);
	sw_json_double(json, "percent", drift->percent);
	sw_json_end_object(json);
}

static void put_outliers(struct sw_json *json, const struct sw_outliers *outliers)
{
	if (!outliers->is_judged) {
		sw_json_null(json, "outliers");
		return;
	}
	sw_json_object(json, "outliers");
	sw_json_int(json, "count", (int64_t)outliers->count);
	sw_snapshot_ns(json, "threshold_ns", outliers->threshold_ns);
	sw_json_int(json, "max_ns", outliers->max_ns);
	sw_json_end_object(json);
}

int sw_snapshot_comparisons(struct sw_json *json, const struct sw_figures *figures, int index)
{
	const struct sw_mode_figures *mode = &figures->modes[index];
	struct sw_outliers outliers = {0};
	struct sw_drift drift = {0};
	int status = 0;

	if (mode->throughput_per_second > 0)
		sw_json_double(json, "throughput_per_second", mode->throughput_per_second);
	else
		sw_json_null(json, "throughput_per_second");
	sw_json_object(json, "turns");
	sw_json_int(json, "iterations", sw_whole_ns((double)mode->state->turn_count));
	sw_snapshot_ns(json, "length_ns", mode->state->turn_ns);
	sw_json_end_object(json);
	sw_json_object(json, "differences");
	status |= put_difference(json, "baseline", figures, figures->baseline, index);
	status |= put_difference(json, "candidate", figures, figures->candidate, index);
	sw_json_end_object(json);
	status |= sw_figures_series(figures, index, &drift, &outliers);
	put_drift(json, &drift);
	put_outliers(json, &outliers);
	return status;
}

int sw_snapshot_ablation(struct sw_json *json, const struct sw_figures *figures)
{
	struct sw_layer_cost costs[SW_MODES_MAX];
	int n;

	if (sw_figures_layers(figures, costs, &n))
		return -1;
	sw_json_array(json, "ablation");
	for (int i = 0; i < n; i++) {
		const struct sw_mode_info *mode = &figures->modes[costs[i].mode].state->info;
		const struct sw_mode_info *whole = &figures->modes[costs[i].cost.b].state->info;
		sw_json_object(json, NULL);
		sw_json_str(json, "layer", sw_word(&sw_words_layer, (int)costs[i].layer));
		sw_snapshot_text(json, "without", *mode->name ? mode->name : "?");
		sw_snapshot_text(json, "whole", *whole->name ? whole->name : "?");
		sw_snapshot_difference(json, "cost", figures, &costs[i].cost);
		sw_json_end_object(json);
	}
	sw_json_end_array(json);
	return 0;
}
