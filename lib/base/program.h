/* program.h: other programs, run to their end by a command that has nothing else to do meanwhile.
 *
 * Never in a daemon, whose sessions would wait. argv ends in NULL, and argv[0] is looked for in PATH. Our
 * identity, environment and open descriptors that are not close-on-exec are theirs.
 */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

/* Its exit status; 1 if it was killed, or could not be executed (logged: "execvp NAME: cause"). */
int program_run(const char *const *argv);

/* Become it. Fatal if that cannot be: "execvp NAME: cause". */
void program_become(const char *const *argv) __attribute__((noreturn));

#endif
