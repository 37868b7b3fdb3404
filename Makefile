# lk: the lambda and kappa architectures, side by side. `make help` lists the targets.
#
# BUILD is the object folder; SAN=1 builds with AddressSanitizer and UBSan, TSAN=1 with ThreadSanitizer, FAULTS=1 with
# the crash points and mutants that tests switch on.

VARIANT := $(if $(SAN),san,$(if $(TSAN),tsan,$(if $(FUZZ),fuzz,plain)))$(if $(FAULTS),-faults)
BUILD   ?= build/$(VARIANT)
CC      ?= cc

ROOMS  := $(shell scripts/layers names)
SRC    := $(wildcard $(addsuffix /*.c,$(ROOMS)))
# Only these files differ with FAULTS=1; the others are compiled once, into the folder of the build without it.
FAULTY := $(shell grep -lE 'core/fault\.h|LK_FAULTS' $(SRC))
SHARED := $(if $(FAULTS),$(patsubst %-faults,%,$(BUILD)),$(BUILD))
OBJ    := $(FAULTY:%.c=$(BUILD)/%.o) $(patsubst %.c,$(SHARED)/%.o,$(filter-out $(FAULTY),$(SRC)))
LIBOBJ := $(filter-out %/cli/main.o,$(OBJ))
SUPPORT:= $(wildcard tests/support/*.c) $(filter-out %/libfuzzer.c,$(wildcard tests/fuzz/*.c))
TESTS  := $(patsubst tests/%.c,%,$(wildcard tests/test_*.c tests/server_*.c))

WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wformat=2 -Wvla -Wundef -Werror
CFLAGS ?= $(if $(SAN)$(TSAN)$(FUZZ),-O1,-O2) -g
FLAGS  := -std=c11 -D_GNU_SOURCE -I. -I$(SHARED) $(shell pg_config --includedir 2>/dev/null | sed 's/^/-I/') \
          -fno-strict-aliasing -ffp-contract=off -fno-omit-frame-pointer -pthread $(WARN) $(CFLAGS)
# Links libpg_query as an archive if there is one: its 2,600 relocations at each start cost more than the rest of `lk query`.
PG_QUERY := $(firstword $(wildcard $(shell $(CC) -print-file-name=libpg_query.a 2>/dev/null)) -lpg_query)
LIBS   := -lpq -lhiredis -ljansson $(PG_QUERY) -lsmartcols -lmicrohttpd -lz -lm -ldl -pthread
ifdef SAN
# The sanitizers' checks make gcc warn about paths that cannot happen.
FLAGS  += -fsanitize=address,undefined -fno-sanitize-recover=all -Wno-maybe-uninitialized
LIBS   += -fsanitize=address,undefined
endif
ifdef TSAN
FLAGS  += -fsanitize=thread -Wno-maybe-uninitialized
LIBS   += -fsanitize=thread
endif
ifdef FUZZ
# clang warns of other things than gcc, for which the code is checked.
FLAGS  += -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -Wno-error -w
LIBS   += -fsanitize=fuzzer,address,undefined
endif
# These patterns do not match the files in SHARED. Optimizing tests takes longer than it saves.
$(BUILD)/%.o: FLAGS += $(if $(FAULTS),-DLK_FAULTS)
$(BUILD)/tests/%.o: FLAGS += -I$(BUILD) -Og

# One line for each step; V=1 shows the commands.
Q     := $(if $(V),,@)
short  = $(if $(V)$(findstring s,$(filter-out --%,$(firstword -$(MAKEFLAGS)))),,@printf '  %-4s %s\n' $(1) $(2))

.PHONY: all lk
all: lk
lk: $(BUILD)/lk
	@[ "$(BUILD)" != build/plain ] || ln -sf $(BUILD)/lk lk

$(BUILD)/lk: $(OBJ)
	$(call short,LINK,$@)
	$(Q)$(CC) -o $@ $^ $(LIBS)

$(BUILD)/liblk.a: $(LIBOBJ)
	$(call short,AR,$@)
	@rm -f $@
	$(Q)ar qcs $@ $^   # several rooms have a file of one name, which `r` would replace

define COMPILE
	$(call short,CC,$<)
	@mkdir -p $(dir $@)
	$(Q)$(CC) $(FLAGS) -MMD -MP -c -o $@ $<
endef
$(BUILD)/%.o: %.c
	$(COMPILE)
ifneq ($(SHARED),$(BUILD))
$(SHARED)/%.o: %.c
	$(COMPILE)
endif

# The test programs are one binary, since linking takes longer than compiling them. Each is a link to it, and its main()
# has the program's name (tests/main.c). Renaming is a step apart, so that no interrupted build leaves an object without it.
$(TESTS:%=$(BUILD)/tests/%.main.o): %.main.o: %.o
	$(Q)objcopy --redefine-sym main=$(notdir $*)_main $< $@

$(BUILD)/tests/programs: $(BUILD)/tests/main.o $(TESTS:%=$(BUILD)/tests/%.main.o) $(SUPPORT:%.c=$(BUILD)/%.o) $(BUILD)/liblk.a
	$(call short,LINK,$@)
	$(Q)$(CC) -o $@ $^ -lcmocka $(LIBS)

$(TESTS:%=$(BUILD)/tests/%): $(BUILD)/tests/programs
	@ln -sf programs $@

$(BUILD)/tests/main.o: $(BUILD)/tests/programs.h
$(BUILD)/tests/programs.h: .FORCE
	@mkdir -p $(dir $@)
	@printf 'PROGRAM(%s)\n' $(TESTS) >$@.new; cmp -s $@.new $@ && rm $@.new || mv $@.new $@
.PHONY: .FORCE

# SQL, Lua and the live page's files, which are compiled into the program as C strings. A "?" could begin a trigraph.
define AS_C_STRING
	$(call short,SED,$<)
	@mkdir -p $(dir $@)
	$(Q)sed -e 's/\\/\\\\/g' -e 's/["?]/\\&/g' -e 's/^/"/' -e 's/$$/\\n"/' $< > $@
endef
$(filter %/catalog/install.o,$(OBJ)): $(patsubst %,$(SHARED)/%.h,catalog/schema.sql $(wildcard catalog/migrations/*.sql))
$(SHARED)/catalog/%.sql.h: catalog/%.sql
	$(AS_C_STRING)
$(filter %/view_store/scripts.o,$(OBJ)): $(patsubst %,$(SHARED)/%.h,$(wildcard view_store/*.lua))
$(SHARED)/view_store/%.lua.h: view_store/%.lua
	$(AS_C_STRING)
$(filter %/server/page.o,$(OBJ)): $(patsubst %,$(SHARED)/%.h,$(wildcard server/page/*.*) server/page/chart.min.js)
$(SHARED)/server/page/%.h: server/page/%
	$(AS_C_STRING)
# Chart.js, as the machine's packages have it (libjs-chart.js; License: MIT).
CHART_JS ?= /usr/share/javascript/chart.js/chart.min.js
$(SHARED)/server/page/chart.min.js.h: $(CHART_JS)
	$(AS_C_STRING)

.PRECIOUS: $(BUILD)/%.o
.PHONY: tests
tests: $(TESTS:%=$(BUILD)/tests/%)

-include $(OBJ:.o=.d) $(SUPPORT:%.c=$(BUILD)/%.d) $(TESTS:%=$(BUILD)/tests/%.d) $(BUILD)/tests/main.d

# --- libFuzzer: scripts/fuzz ---
$(BUILD)/fuzz: $(BUILD)/tests/fuzz/libfuzzer.o $(SUPPORT:%.c=$(BUILD)/%.o) $(BUILD)/liblk.a
	$(call short,LINK,$@)
	$(Q)$(CC) -o $@ $^ -lcmocka $(LIBS)

# --- benchmarks: see bench/bench.h; `make bench CASES="drain query"` runs some ---
BENCH := $(patsubst %.c,$(BUILD)/%.o,$(wildcard bench/*.c))
-include $(BENCH:.o=.d)
$(BUILD)/bench/bench: $(BENCH) $(SUPPORT:%.c=$(BUILD)/%.o) $(BUILD)/liblk.a
	$(call short,LINK,$@)
	$(Q)$(CC) -o $@ $^ -lcmocka $(LIBS)

.PHONY: bench
bench: lk $(BUILD)/bench/bench
	$(Q)LK_BIN=$(BUILD)/lk $(BUILD)/bench/bench $(CASES)

# --- installing: the program, what it prints of itself (manual pages, completion), and examples ---
prefix     ?= /usr/local
bindir     ?= $(prefix)/bin
datadir    ?= $(prefix)/share
mandir     ?= $(datadir)/man
bashdir    ?= $(datadir)/bash-completion/completions
zshdir     ?= $(datadir)/zsh/site-functions
unitdir    ?= $(prefix)/lib/systemd/system
exampledir ?= $(datadir)/lk/examples
PROGRAM    ?= $(BUILD)/lk
PAGES      := lk $(patsubst cli/cmd_%.c,lk-%,$(wildcard cli/cmd_*.c))
EXAMPLES   := $(wildcard examples/*/*)
UNITS      := $(notdir $(wildcard systemd/*.service systemd/*.timer))

.PHONY: install uninstall
install: $(PROGRAM)
	umask 022; install -d $(foreach dir,$(bindir) $(unitdir) $(mandir)/man1 $(bashdir) $(zshdir) $(exampledir) $(sort $(dir $(EXAMPLES:examples/%=$(exampledir)/%))),'$(DESTDIR)$(dir)')
	install -m 755 $(PROGRAM) '$(DESTDIR)$(bindir)/lk'
	umask 022; for page in $(PAGES); do \
	  $(PROGRAM) help --format man $$(echo $$page | sed -n 's/^lk-//p') >'$(DESTDIR)$(mandir)/man1/'$$page.1 || exit 1; \
	done
	umask 022; for unit in $(UNITS); do sed 's|/usr/local/bin/|$(bindir)/|' systemd/$$unit >'$(DESTDIR)$(unitdir)/'$$unit || exit 1; done
	install -m 644 systemd/lk.env '$(DESTDIR)$(exampledir)/lk.env'
	umask 022; $(PROGRAM) help --format bash >'$(DESTDIR)$(bashdir)/lk'
	umask 022; $(PROGRAM) help --format zsh >'$(DESTDIR)$(zshdir)/_lk'
	for file in $(EXAMPLES:examples/%=%); do \
	  [ -x examples/$$file ] && mode=755 || mode=644; install -m $$mode examples/$$file '$(DESTDIR)$(exampledir)/'$$file || exit 1; \
	done

uninstall:
	rm -f $(foreach file,$(bindir)/lk $(PAGES:%=$(mandir)/man1/%.1) $(bashdir)/lk $(zshdir)/_lk $(UNITS:%=$(unitdir)/%),'$(DESTDIR)$(file)')
	rm -rf '$(DESTDIR)$(exampledir)'
	-rmdir '$(DESTDIR)$(datadir)/lk' 2>/dev/null

# --- targets that the README names ---
.PHONY: help packages demo live check fuzz tsan model-check layers tour soak fresh-check compose-check clean
help:
	@echo 'make              builds ./lk (V=1: with the commands)'
	@echo 'make install      lk, manual pages, units for systemd, completion (prefix=/usr/local, DESTDIR=); make uninstall'
	@echo 'make demo         installs what is missing, builds, and shows all of lk in a minute'
	@echo 'make live         both layers over traffic that goes on, and the live page, until Ctrl-C'
	@echo 'make check        installs what is missing, builds, runs all tests (ONLY=pattern: some of them; SANITIZERS=0: no sanitizers)'
	@echo 'make bench        measures, each number beside a limit measured in the same run'
	@echo 'make packages     installs the packages for building and testing (Debian, Ubuntu)'
	@echo 'make model-check  checks the model of the protocol and its mutants (needs spin; minutes, 3 GB)'
	@echo 'make fuzz         random input for every reader (TARGET=name, SECONDS=n each); with libFuzzer if clang is there'
	@echo 'make tsan         the test programs that use threads, under ThreadSanitizer (minutes)'
	@echo 'make layers       checks that includes point downwards only'
	@echo 'make tour         runs the commands of the pages and compares their output with the pages'
	@echo 'make soak         a long load: memory and calls to Redis must not grow (MINUTES=n, 30)'
	@echo 'make fresh-check  the README in an empty Debian, as root and as an ordinary user (needs root and debootstrap)'
	@echo 'make compose-check  the services of compose/ in a Docker engine; starts its own as root if none runs'
	@echo 'make clean        removes what was built; the servers'"'"' data stays'

packages:
	@scripts/packages
# make computes the flags above when it reads this file, so what needs the packages runs in a second make.
demo: packages
	@$(MAKE) --no-print-directory -s lk
	@scripts/demo
live: packages
	@$(MAKE) --no-print-directory -s lk
	@scripts/live
check:
	@MAKE='$(MAKE)' scripts/check
fuzz:
	@MAKE='$(MAKE)' scripts/fuzz
tsan:
	@MAKE='$(MAKE)' scripts/tsan
model-check:
	@tests/model/check
layers:
	@scripts/layers
tour: lk
	@LK_BIN=$(BUILD)/lk scripts/tour --check
soak: lk
	@LK_BIN=$(BUILD)/lk scripts/soak
fresh-check:
	@tests/fresh-check
compose-check:
	@scripts/compose-check
clean:
	rm -rf build lk
