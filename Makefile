# Postrider. make, make check, make check SAN=1, make bench, make fuzz, make install DESTDIR=,
# make lint, make format. One Makefile sees everything; there is no list of files to keep: a folder
# or a .c file directly in agents/, services/ or cmd/ is a program of that name.

CC ?= gcc
PREFIX ?= /usr
DAEMON_DIR ?= $(PREFIX)/libexec/postfix
SBIN_DIR ?= $(PREFIX)/sbin
BIN_DIR ?= $(PREFIX)/bin
MAN_DIR ?= $(PREFIX)/share/man
CONFIG_DIR ?= /etc/postfix

B := build$(if $(SAN),/san)

# Libraries without which there is no mail, and those that cost one WITH_X and one file each.
needed := libev libcares libssl libcrypto
pkg_cflags := $(shell pkg-config --cflags libcares libssl libcrypto 2>/dev/null)
LIBS := -lev -lcares -lssl -lcrypto -lpthread -lm
have = $(if $(shell pkg-config --exists $(1) && echo yes),-D$(2) $(shell pkg-config --cflags $(1)))
optional := libpcre2-8:PCRE lmdb:LMDB icu-uc:ICU libcdb:CDB libmariadb:MYSQL libpq:PGSQL sqlite3:SQLITE \
            ldap+libsasl2:LDAP
options := $(foreach o,$(optional),$(call have,$(subst +, ,$(firstword $(subst :, ,$(o)))),WITH_$(lastword $(subst :, ,$(o)))))
LIBS += $(foreach o,$(optional),$(shell pkg-config --libs $(subst +, ,$(firstword $(subst :, ,$(o)))) 2>/dev/null))
# Berkeley DB has no .pc file.
ifneq ($(shell printf '\#include <db.h>\n' | $(CC) -E - >/dev/null 2>&1 && echo yes),)
options += -DWITH_DB
LIBS += -ldb
endif

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes $(if $(SAN),,-Wframe-larger-than=8192)
OPT ?= -O2
CFLAGS += -std=gnu17 -D_GNU_SOURCE $(OPT) -g -fno-omit-frame-pointer $(WARN) $(if $(WERROR),-Werror) \
          $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined) \
          $(pkg_cflags) $(options) -I. -Ilib -I$(B)
LDFLAGS += -Wl,--as-needed -rdynamic $(if $(SAN),-fsanitize=address$(comma)undefined)
comma := ,

lib_src := $(wildcard lib/*/*.c)
lib := $(B)/libpostrider.a
dirs_with_main = $(patsubst %/main.c,%,$(wildcard $(1)/*/main.c))
daemon_dirs := $(patsubst %/main.c,%,$(wildcard master/main.c smtpd/main.c cleanup/main.c qmgr/main.c smtp/main.c)) \
               $(call dirs_with_main,agents) $(call dirs_with_main,services)
daemon_files := $(wildcard agents/*.c services/*.c)
command_dirs := $(call dirs_with_main,cmd)
command_files := $(wildcard cmd/*.c)
program_dirs := $(daemon_dirs) $(command_dirs)
daemons := $(notdir $(daemon_dirs)) $(basename $(notdir $(daemon_files)))
commands := $(notdir $(command_dirs)) $(basename $(notdir $(command_files)))
programs := $(addprefix $(B)/bin/,$(daemons) $(commands))
# Scripts that daemon_directory has beside the daemons.
scripts := cmd/postfix/postfix-tls-script cmd/postfix/post-install cmd/postmulti/postfix-wrapper
# One program, several names: which one it was started under tells it what to do.
links := $(patsubst smtp,$(B)/bin/lmtp,$(filter smtp,$(daemons))) \
         $(if $(filter sendmail,$(commands)),$(B)/bin/mailq $(B)/bin/newaliases)

objects = $(patsubst %.c,$(B)/%.o,$(wildcard $(1)/*.c))

.PHONY: all check unit fault bench fuzz FORCE print-libs install install-built man check-man format lint clean
all: $(programs) $(links) $(addprefix $(B)/bin/,$(notdir $(scripts)))

$(lib): $(patsubst %.c,$(B)/%.o,$(lib_src))
	@rm -f $@; ar rcs $@ $^

# Where things will be. Other places than last time make anew what speaks of them, and only that.
places = DAEMON_DIR=$(DAEMON_DIR) COMMAND_DIR=$(SBIN_DIR) CONFIG_DIR=$(CONFIG_DIR)
$(B)/places.h: FORCE
	@mkdir -p $(@D); new=$@.$$$$; \
	printf '%s\n' $(places) | sed 's/\(.*\)=\(.*\)/#define \1 "\2"/' > $$new; \
	if cmp -s $$new $@; then rm $$new; else mv $$new $@; fi
FORCE:

$(B)/%.o: %.c | $(B)/places.h
	@mkdir -p $(@D)
	@echo "  CC $<"; $(CC) $(CFLAGS) -MMD -MP -c $< -o $@

define program_of_a_folder
$(B)/bin/$(notdir $(1)): $(call objects,$(1)) $(lib)
	@mkdir -p $$(@D)
	@$(CC) -o $$@ $(call objects,$(1)) $(lib) $$(LDFLAGS) $$(LIBS)
endef
$(foreach d,$(program_dirs),$(eval $(call program_of_a_folder,$(d))))

define program_of_a_file
$(B)/bin/$(basename $(notdir $(1))): $(B)/$(1:.c=.o) $(lib)
	@mkdir -p $$(@D)
	@$(CC) -o $$@ $$< $(lib) $$(LDFLAGS) $$(LIBS)
endef
$(foreach f,$(daemon_files) $(command_files),$(eval $(call program_of_a_file,$(f))))

$(foreach s,$(scripts),$(eval $(B)/bin/$(notdir $(s)): $(s) ; @mkdir -p $$(@D); install -m 755 $$< $$@))

$(B)/bin/lmtp: $(B)/bin/smtp
	@ln -sf smtp $@

$(B)/bin/mailq $(B)/bin/newaliases: $(B)/bin/sendmail
	@ln -sf sendmail $@

# --- tests: tests/unit mirrors the tree; a test of a program is linked with its folder but main.c ---
unit_src := $(wildcard tests/unit/*/*_test.c tests/unit/*/*/*_test.c)
unit_tests := $(patsubst %.c,$(B)/%,$(unit_src))

define unit_test
$(B)/$(1:.c=): $(B)/$(1:.c=.o) $(filter-out %/main.o,$(call objects,$(patsubst tests/unit/%/,%,$(dir $(1))))) $(lib)
	@$(CC) -o $$@ $$(filter %.o,$$^) $(lib) $$(LDFLAGS) -lcmocka $$(LIBS)
endef
$(foreach t,$(unit_src),$(eval $(call unit_test,$(t))))

unit: $(unit_tests)
	@tools/run-unit $(unit_tests)

check: all unit
	@tools/run-system $(B)

# Kill daemons under load, so many rounds of each kind; check does three.
ROUNDS ?= 50
fault: all
	@ROUNDS=$(ROUNDS) tools/run-system $(B) tests/fault

# Side by side with the reference: make bench W=relay,single N=20000
bench: all
	@tests/bench/bench $(B) $(if $(W),-w $(W)) $(if $(N),-n $(N))

# --- fuzzing: tests/fuzz/x_fuzz.c with clang's libFuzzer, TIME seconds each; F=x,y picks ---
TIME ?= 60
fuzz:
	@tests/fuzz/run $(TIME) $(subst $(comma), ,$(F))

print-libs:
	@echo $(LIBS)

install_files = DAEMON_DIR="$(DAEMON_DIR)" SBIN_DIR="$(SBIN_DIR)" BIN_DIR="$(BIN_DIR)" MAN_DIR="$(MAN_DIR)" \
                CONFIG_DIR="$(CONFIG_DIR)" tools/install "$(DESTDIR)" $(B) "$(daemons)" "$(commands)" "$(notdir $(scripts))"
install: all
	@$(install_files)
install-built: # whatever has changed since
	@$(install_files)

# The lists of parameters in the manual pages, from lib/config/params.def.
man:
	@tools/gen-params

check-man:
	@tools/check-man $(daemons) $(commands)

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

lint:
	tools/check-layers
	tools/check-names $(B)
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,portability --inline-suppr \
	  --suppress=missingIncludeSystem -I. -Ilib $$(git ls-files '*.c' | grep -v ^tests/)

clean:
	rm -rf build

-include $(shell find $(B) -type f -name '*.d' 2>/dev/null)
