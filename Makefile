# sandwatch: two commands do everything a newcomer needs: `make run` and `make test`.
# Layers are archives; each layer's tests link that layer and what it may use, nothing else.

PROFILE ?= release
B := build/$(PROFILE)
CC ?= cc
PKG := pkg-config
V ?= 0
Q := $(if $(filter 1,$(V)),,@)

VERSION := 0.1.0
COMMIT := $(shell git rev-parse --short=12 HEAD 2>/dev/null)

CORE_PKGS := libcjson yaml-0.1
DOCKER_PKGS := libcurl libcjson
TUI_PKGS := ncursesw
TEST_PKGS := cmocka

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 \
        -Wswitch-enum -Wvla -Werror
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong
CFLAGS_debug := -O0 -g3
CFLAGS_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_tsan := -O1 -g -fsanitize=thread
CFLAGS_coverage := -O0 -g --coverage
CFLAGS_fuzz := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS_release := -Wl,-z,relro,-z,now
LDFLAGS_asan := -fsanitize=address,undefined
LDFLAGS_tsan := -fsanitize=thread
LDFLAGS_coverage := --coverage
LDFLAGS_fuzz := -fsanitize=fuzzer,address,undefined

ifeq ($(filter $(PROFILE),release debug asan tsan coverage fuzz),)
$(error PROFILE=$(PROFILE) is none of release, debug, asan, tsan, coverage, fuzz)
endif
ifeq ($(PROFILE),fuzz) # libFuzzer comes with clang
CC := clang
endif

ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -include core/banned.h -I. $(WARN) $(CFLAGS_$(PROFILE)) \
             -pthread $(CFLAGS)
ALL_LDFLAGS = $(LDFLAGS_$(PROFILE)) -pthread $(LDFLAGS)

sources = $(wildcard $(1)/*.c)
objects = $(patsubst %.c,$(B)/%.o,$(1))
CORE_O := $(call objects,$(call sources,core))
DOCKER_O := $(call objects,$(call sources,docker))
WIDGETS_O := $(call objects,$(call sources,widgets))
TUI_O := $(call objects,$(call sources,tui) $(call sources,tui/screens))
UNIT := $(patsubst %.c,$(B)/%,$(wildcard tests/unit/*/*.c))
FUZZ := $(patsubst %.c,$(B)/%,$(wildcard tests/fuzz/fuzz_*.c))
ENGINE_TESTS := $(patsubst %.c,$(B)/%,$(wildcard tests/engine/*.c))

BIN := $(B)/sandwatch
SHIM := $(B)/shim

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all run test bench ladder isolation soak promises clean distclean help packages packages-test engine-down check lint \
        format docs unit engine-tests bench-replay FORCE
all: $(BIN) $(SHIM) ## builds the program and the shim (PROFILE=release|debug|asan|tsan|coverage|fuzz)

# ---- the two commands ----

run: ## installs what is missing, builds, and runs the default session (ARGS="--batch …")
	@config/packages.sh run
	@config/build.sh "$(MAKE)" "PROFILE=$(PROFILE)"
	@config/engine.sh $(BIN) up
	@$(BIN) $(ARGS)

test: ## installs what the tests need, builds, and runs every test on a private engine
	@config/packages.sh test
	@tests/run.sh "$(MAKE)"

# ---- more ----

bench: ## measures the figures of docs/performance.md (ARGS="--rounds N"; needs root)
	@config/packages.sh bench
	@config/build.sh "$(MAKE)" "PROFILE=$(PROFILE)"
	@"$(MAKE)" --no-print-directory -s "PROFILE=$(PROFILE)" $(B)/tests/bench/line
	@tests/bench/bench.py --program $(BIN) $(ARGS)

ladder: ## runs config/ladder.yaml and rewrites README's table of the study's optimizations
	@config/packages.sh bench
	@config/build.sh "$(MAKE)" "PROFILE=$(PROFILE)"
	@config/engine.sh $(BIN) up
	@$(BIN) --batch --config config/ladder.yaml --iterations 60 --export $(B)/ladder.json $(ARGS)
	@tests/bench/study.py $(B)/ladder.json README.md

isolation: ## attacks every kind of mode, and writes docs/isolation.md (minutes; an engine)
	@config/packages.sh test
	@config/build.sh "$(MAKE)" "PROFILE=$(PROFILE)"
	@"$(MAKE)" --no-print-directory -s "PROFILE=$(PROFILE)" $(B)/tests/engine/test_isolation
	@tests/isolation.sh $(BIN) $(B)/tests/engine/test_isolation

fuzz: ## fuzzes what reads from outside (SECONDS=600 of each target, TARGET=name for one)
	@config/packages.sh fuzz
	@"$(MAKE)" --no-print-directory -s PROFILE=fuzz fuzzers
	@tests/fuzz/run.sh --seconds "$(or $(SECONDS),600)" $(TARGET)

soak: ## sessions under random faults for MINUTES=10, then 200 kills with a resume each (SEED=N; root)
	@config/packages.sh test
	@config/build.sh "$(MAKE)" "PROFILE=$(PROFILE)"
	@tests/soak/soak.py --program $(BIN) --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED))
	@tests/soak/kills.py --program $(BIN) --kills $(or $(KILLS),200) $(if $(SEED),--seed $(SEED))

promises: ## takes out what keeps each promise of docs/reliability.md, and sees its test fail (ONLY=word; root)
	@config/packages.sh test
	@config/build.sh "$(MAKE)" "PROFILE=$(PROFILE)"
	@tests/promises.sh $(BIN) $(ONLY)

engine-down: all ## stops the private engine that sandwatch started
	@config/engine.sh $(BIN) down

lint: ## file and function sizes, layers, shell scripts, formatting
	@tests/lint.sh

docs: $(B)/tests/unit/tui/test_keymap ## writes docs/keys.md from the table in tui/keymap.h
	@SW_GOLDEN=update $< >/dev/null

format: ## formats every C file with clang-format
	@git ls-files '*.c' '*.h' | xargs clang-format -i

clean: ## removes the build
	rm -rf build

help: ## lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---- building ----

# A changed compiler, flag or version rebuilds what depends on it.
FLAGS := $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS)
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' > $@
$(B)/commit: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION) $(COMMIT)' | cmp -s - $@ || echo '$(VERSION) $(COMMIT)' > $@
FORCE:

define compile
	@mkdir -p $(@D)
	$(if $(Q),@echo "  cc    $<")
	$(Q)$(CC) $(ALL_CFLAGS) $(1) -MMD -MP -c $< -o $@
endef
define link
	@mkdir -p $(@D)
	$(if $(Q),@echo "  link  $@")
	$(Q)$(CC) $(ALL_LDFLAGS) $(filter %.o,$^) $(filter %.a,$^) $(1) -o $@
endef

$(B)/core/%.o: core/%.c $(B)/flags
	$(call compile,-Wconversion $(shell $(PKG) --cflags $(CORE_PKGS)))
$(B)/docker/%.o: docker/%.c $(B)/flags
	$(call compile,$(shell $(PKG) --cflags $(DOCKER_PKGS)))
$(B)/widgets/%.o: widgets/%.c $(B)/flags
	$(call compile)
$(B)/tui/%.o: tui/%.c $(B)/flags
	$(call compile,$(shell $(PKG) --cflags $(TUI_PKGS)))
$(B)/tui/version.o: CFLAGS += -DSW_VERSION='"$(VERSION)"' -DSW_COMMIT='"$(COMMIT)"'
$(B)/tui/version.o: $(B)/commit
$(B)/tui/theme_builtin.o: $(wildcard themes/*.yaml)
$(B)/main.o: main.c $(B)/flags
	$(call compile)

define archive
	$(Q)rm -f $@ && ar rcs $@ $^
endef
$(B)/libcore.a: $(CORE_O)
	$(archive)
$(B)/libdocker.a: $(DOCKER_O)
	$(archive)
$(B)/libwidgets.a: $(WIDGETS_O)
	$(archive)
$(B)/libtui.a: $(TUI_O)
	$(archive)

CORE_LIBS = $(shell $(PKG) --libs $(CORE_PKGS)) -lm
DOCKER_LIBS = $(shell $(PKG) --libs $(DOCKER_PKGS)) $(CORE_LIBS)
TUI_LIBS = $(shell $(PKG) --libs $(TUI_PKGS)) $(DOCKER_LIBS)
ALL_A := $(B)/libtui.a $(B)/libwidgets.a $(B)/libdocker.a $(B)/libcore.a
$(BIN): $(B)/main.o $(ALL_A)
	$(call link,$(TUI_LIBS))

# The shim is another program: static, for the inside of any container.
$(SHIM): docker/shim/shim.c $(B)/flags
	@mkdir -p $(@D)
	$(if $(Q),@echo "  cc    $<")
	$(Q)$(CC) -std=gnu11 $(WARN) -Os -static -s $< -o $@

# ---- tests: a layer's tests link that layer and what it may use, and nothing else ----

TEST_LIBS = $(shell $(PKG) --libs $(TEST_PKGS))
$(B)/tests/%.o: tests/%.c $(B)/flags
	$(call compile,-Wno-missing-prototypes $(shell $(PKG) --cflags $(TEST_PKGS) $(DOCKER_PKGS)))
$(B)/tests/unit/core/%: $(B)/tests/unit/core/%.o $(B)/libcore.a
	$(call link,$(TEST_LIBS) $(CORE_LIBS))
$(B)/tests/unit/docker/%: $(B)/tests/unit/docker/%.o $(B)/libdocker.a $(B)/libcore.a
	$(call link,$(TEST_LIBS) $(DOCKER_LIBS))
$(B)/tests/unit/widgets/%: $(B)/tests/unit/widgets/%.o $(B)/libwidgets.a
	$(call link,$(TEST_LIBS) -lm)
$(B)/tests/unit/tui/%: $(B)/tests/unit/tui/%.o $(ALL_A)
	$(call link,$(TEST_LIBS) $(TUI_LIBS))
$(B)/tests/engine/%: $(B)/tests/engine/%.o $(B)/libdocker.a $(B)/libcore.a
	$(call link,$(TEST_LIBS) $(DOCKER_LIBS))
$(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $(ALL_A)
	$(call link,$(TUI_LIBS))
.PHONY: fuzz fuzzers
fuzzers: $(FUZZ)
unit: $(UNIT) ## builds the unit tests
$(B)/tests/bench/%: $(B)/tests/bench/%.o $(B)/libdocker.a $(B)/libcore.a
	$(call link,$(DOCKER_LIBS))
bench-replay: $(B)/tests/bench/replay ## measures how fast a journal of a million events is replayed
	@$<
$(B)/tests/tools/%: $(B)/tests/tools/%.o $(B)/libdocker.a $(B)/libcore.a
	$(call link,$(DOCKER_LIBS))
engine-tests: $(ENGINE_TESTS) $(B)/tests/tools/proxy ## builds the engine tests
.PRECIOUS: $(B)/tests/%.o

-include $(wildcard $(B)/*.d $(B)/*/*.d $(B)/*/*/*.d $(B)/*/*/*/*.d)
