/* check.h: what main.cf says must also make sense on this machine.
 */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

/* What many defaults depend on: to be looked at before them. */
void check_level(const char *compatibility_level);

/* conf against the machine: host names, users and groups. Wrong: fatal, with Postfix's words. Fills
 * in config_ids. */
void check_conf(const char *main_cf_path);

/* A program that runs with more rights than its caller takes another configuration directory than the
 * built-in one only if main.cf there names it. */
void check_dir(const char *dir);
void check_dir_is_listed(const char *dir); /* whoever runs it */

#endif
