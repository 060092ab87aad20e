/* Hides nothing: the commands' entry points, for main.c's table. Each stands in tui/cmd_<name>.c,
 * may print, and returns an exit code (enum sw_exit). */
#ifndef SW_CMD_H
#define SW_CMD_H

struct sw_cli;

int sw_cmd_run(const struct sw_cli *cli);
int sw_cmd_engine(const struct sw_cli *cli);
int sw_cmd_image(const struct sw_cli *cli);
int sw_cmd_watch(const struct sw_cli *cli);
int sw_cmd_replay(const struct sw_cli *cli);
int sw_cmd_report(const struct sw_cli *cli);
int sw_cmd_config(const struct sw_cli *cli);
int sw_cmd_clean(const struct sw_cli *cli);

#endif
