# make            the program, build/lectern
# make run        install what is missing, build, fetch the model, start the server
# make test       install what is missing, build with sanitizers, run every test
# make unit       unit tests only; unit-FOLDER for one folder of src/
# make test PYTEST=--keep-seconds   note how long each file takes, so that the longest are begun first
# make check      format, layers, lengths, lists          make bench      measure, write bench/RESULTS.md
# make crash      the kill -9 loop                        make fuzz       every parser for a minute
# make fuzz-api   requests made from /openapi.json, all answered as it says (EXAMPLES, SEED, DATABASE=postgresql)
# make crash-loop the index killed and its files torn, 1,000 times
# make install PREFIX=/usr/local [DESTDIR=]               make dist       a source archive
# make deb        packages for Debian 12                          make deb-check  install and use them in a clean chroot
# make crash-work workflows killed 1,000 times, on both databases
# make corpus     what is found in ../shared/corpus, and how fast; fails below the goals
# make bench-gateway [PEERS=DIR]  the gateway beside nginx and LiteLLM    make soak       the gateway for ten minutes
# make plans      200,000 rows of 50 workspaces: no statement reads a large table whole
# make bench-platform  one server under odd load (2 GiB, 5,000 sockets, restarts), and how much the tests of the platform try
# make load       two hundred clients that upload and two hundred searches a second, for a minute
# make docs       print the reference pages of docs/

CC      := $(shell command -v ccache >/dev/null && echo "ccache ")gcc
BUILD   ?= build
PREFIX  ?= /usr/local
VERSION := 0.1.0

WARNINGS := -Wall -Wextra -Wshadow -Wvla -Walloca -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 \
            -Wundef -Wno-missing-field-initializers -Wcast-qual -Wwrite-strings -Wconversion -Wno-sign-conversion -Werror
PACKAGES := libcurl sqlite3 libpq jansson libarchive libxml-2.0 icu-uc uchardet libsodium libseccomp \
            libssl libcrypto zlib liblzma libzstd
# Libraries of the classes of workers, and where their headers are.
CLASS_LIBS_picture = $(shell pkg-config --libs tesseract lept libheif libjxl dav1d) -lstdc++ -lgomp -ldl
CLASS_LIBS_media   = $(shell pkg-config --libs libavformat libavcodec libswscale libavutil)
CLASS_LIBS_speech  = $(shell pkg-config --libs libavformat libavcodec libswresample libavutil pocketsphinx sphinxbase)
# What a class takes from another's folder.
CLASS_ALSO_speech  = src/worker/media/media_file.c
CLASS_LIBS_poppler = $(shell pkg-config --libs poppler-glib)
CLASS_PACKAGES    := tesseract lept libheif libjxl libavformat libavcodec libswscale libswresample libavutil pocketsphinx \
                     sphinxbase poppler-glib
# MuPDF is linked statically and needs its own libraries by name.
MUPDF    := -lmupdf -lmupdf-third -lfreetype -ljbig2dec -ljpeg -lopenjp2 -lmujs -lgumbo
LIBS      = $(shell pkg-config --libs $(PACKAGES)) $(MUPDF) -lcmark-gfm-extensions -lcmark-gfm -lstemmer -lbz2 -lz -lm -lpthread
CLASS_INCLUDES := $(shell pkg-config --cflags $(CLASS_PACKAGES) 2>/dev/null | sed 's/-I/-isystem /g')
INCLUDES := $(CLASS_INCLUDES) $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null | sed 's/-I/-isystem /g')

RELEASE  := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
SANITIZE := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# Vectorised kernels choose by CPU at run time; everything else is baseline x86-64.
CFLAGS    = -std=gnu17 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -Isrc -I$(BUILD) -MMD -MP -fvisibility=hidden \
            -ffunction-sections -fdata-sections $(WARNINGS) $(INCLUDES)
LDFLAGS   = -Wl,-z,now,-z,relro,--gc-sections,--as-needed

ALL_C    := $(sort $(shell find src -name '*.c'))
TEST_C   := $(filter %_test.c,$(ALL_C))
MAIN_C   := src/cli/main.c
# Each folder of src/worker is a class of worker, a program of its own, linked with what its libraries need.
CLASSES  := $(patsubst src/worker/%/,%,$(wildcard src/worker/*/))
CLASS_C  := $(foreach c,$(CLASSES),$(wildcard src/worker/$(c)/*.c)) src/worker/class_main.c
CODE_C   := $(filter-out $(TEST_C) $(MAIN_C) $(CLASS_C),$(ALL_C))
CLASS_TEST_C := $(foreach c,$(CLASSES),$(wildcard src/worker/$(c)/*_test.c))
FOLDERS  := $(sort $(foreach f,$(filter-out $(CLASS_TEST_C),$(TEST_C)),$(word 2,$(subst /, ,$(f)))))
CLASS_UNITS := $(patsubst %,worker-%,$(sort $(foreach f,$(CLASS_TEST_C),$(word 3,$(subst /, ,$(f))))))
UNITS    := $(FOLDERS) $(CLASS_UNITS)

OBJ      := $(BUILD)/release
TOBJ     := $(BUILD)/sanitize

.DELETE_ON_ERROR:
.SECONDARY:
.SECONDEXPANSION:
all: $(BUILD)/lectern $(CLASSES:%=$(BUILD)/lectern-worker-%)

$(BUILD)/lectern: $(CODE_C:%.c=$(OBJ)/%.o) $(MAIN_C:%.c=$(OBJ)/%.o) $(OBJ)/web.o $(OBJ)/sources
	@echo "  LINK $@"
	@$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS)

$(BUILD)/lectern-sanitize: $(CODE_C:%.c=$(TOBJ)/%.o) $(MAIN_C:%.c=$(TOBJ)/%.o) $(TOBJ)/web.o $(TOBJ)/sources
	@echo "  LINK $@"
	@$(CC) $(SANITIZE) -o $@ $(filter %.o,$^) $(LIBS)

# class_code CLASS,OBJECTS: only what the class calls is linked in (--gc-sections).
class_code = $(patsubst %,$(2)/%.o,$(wildcard src/worker/$(1)/*.cc) $(basename $(CLASS_ALSO_$(1)) $(filter-out %_test.c,$(wildcard src/worker/$(1)/*.c)) \
             $(filter-out src/extract/extractors.c src/worker/services.c,$(filter src/base/% src/sandbox/% src/extract/% src/worker/%,$(CODE_C))) src/worker/class_main.c))
$(BUILD)/lectern-worker-%-sanitize: $$(call class_code,$$*,$(TOBJ)) $(TOBJ)/sources
	@echo "  LINK $@"
	@$(CC) $(SANITIZE) -o $@ $(filter %.o,$^) $(CLASS_LIBS_$*) $(LIBS)
$(BUILD)/lectern-worker-%: $$(call class_code,$$*,$(OBJ)) $(OBJ)/sources
	@echo "  LINK $@"
	@$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(CLASS_LIBS_$*) $(LIBS)

# The few C++ libraries have one thin file each, with a C interface.
CLASS_CC := $(wildcard src/worker/*/*.cc)
$(CLASS_CC:%=$(OBJ)/%.o): $(OBJ)/%.cc.o: %.cc
	@mkdir -p $(@D)
	@echo "  CXX  $<"
	@g++ -std=gnu++17 -Isrc -MMD -MP -Wall -Wextra -Werror $(INCLUDES) $(RELEASE) -c -o $@ $<
$(CLASS_CC:%=$(TOBJ)/%.o): $(TOBJ)/%.cc.o: %.cc
	@mkdir -p $(@D)
	@echo "  CXX* $<"
	@g++ -std=gnu++17 -Isrc -MMD -MP -Wall -Wextra -Werror $(INCLUDES) $(SANITIZE) -c -o $@ $<
$(OBJ)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC   $<"
	@$(CC) $(CFLAGS) $(RELEASE) -c -o $@ $<

$(TOBJ)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC*  $<"
	@$(CC) $(CFLAGS) $(SANITIZE) -c -o $@ $<

# The page travels inside the program: every file of web/ with its name, as one assembler file.
$(BUILD)/web.s: tools/embed $(shell find web -type f 2>/dev/null)
	@mkdir -p $(@D)
	tools/embed web $(BUILD)/web > $@
# Ready-made schemas and workflows travel inside the program too.
$(OBJ)/src/fields/ready.o $(TOBJ)/src/fields/ready.o: $(wildcard src/fields/ready/*.json)
$(OBJ)/src/workflow/ready.o $(TOBJ)/src/workflow/ready.o: $(wildcard src/workflow/ready/*.json)
$(OBJ)/web.o $(TOBJ)/web.o: $(BUILD)/web.s
	@mkdir -p $(@D)
	gcc -c -o $@ $<

# Sources are found, not listed: the stamp changes when one appears or disappears.
$(OBJ)/sources $(TOBJ)/sources: FORCE
	@mkdir -p $(@D) && echo '$(ALL_C)' | cmp -s - $@ || echo '$(ALL_C)' > $@

# --- Tests ---
# Each test begins a process: with the libraries that its program needs, bound when they are called.
UNIT_LINK = $(CC) $(SANITIZE) -Wl,--as-needed,-z,lazy,--export-dynamic-symbol='git_*'
# One program of unit tests for each folder, linked with the folders it may include.
closure   = $(shell tools/layer-closure $(1))
code_of   = $(foreach d,$(call closure,$(1)),$(filter src/$(d)/%,$(CODE_C)))
# Folders that may use a database, its tables or the encoder also get those that tests make for themselves.
tests_of  = $(sort $(filter src/$(1)/%,$(filter-out $(CLASS_TEST_C),$(TEST_C))) $(if $(filter db,$(call closure,$(1))),src/db/fixture_test.c) \
            $(if $(filter store,$(call closure,$(1))),src/store/prepared_test.c) \
            $(if $(filter encode,$(call closure,$(1))),src/encode/tiny_model_test.c))
$(BUILD)/unit/%: $$(addprefix $(TOBJ)/,$$(addsuffix .o,$$(basename $$(call tests_of,$$*) $$(call code_of,$$*)))) $$(if $$(filter api cli,$$*),$(TOBJ)/web.o) $(TOBJ)/tools/criterion_alone.o
	@mkdir -p $(@D)
	@echo "  LINK $@"
	@$(UNIT_LINK) -o $@ $(filter %.o,$^) $(LIBS) -lcriterion

# Those of a class of worker with its libraries.
class_unit = $(TOBJ)/tools/criterion_alone.o $(TOBJ)/src/extract/extractors.o $(filter-out %/class_main.o,$(call class_code,$(1),$(TOBJ))) $(patsubst %.c,$(TOBJ)/%.o,$(filter src/worker/$(1)/%,$(CLASS_TEST_C)))
$(CLASS_UNITS:%=$(BUILD)/unit/%): $(BUILD)/unit/worker-%: $$(call class_unit,$$*)
	@mkdir -p $(@D)
	@echo "  LINK $@"
	@$(UNIT_LINK) -o $@ $(filter %.o,$^) $(CLASS_LIBS_$*) $(LIBS) -lcriterion

unit: $(UNITS:%=$(BUILD)/unit/%)
	tools/run-unit $^
unit-%: $(BUILD)/unit/%
	tools/run-unit $<

# --- Fuzzing ---
# Every parser of foreign bytes for a minute (TIME=60), FORMATS=doc,xls only those, each with the folders its target includes. What it finds, and the
# inputs that reach new code, stay in build/fuzz.
FOBJ     := $(BUILD)/fuzz/objects
FUZZERS  := $(patsubst fuzz/%.c,$(BUILD)/fuzz/%,$(filter-out fuzz/fuzz_worker.c,$(wildcard fuzz/fuzz_*.c)) $(wildcard fuzz/worker/*.c))
FUZZ_CC   = clang -std=gnu17 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -I. -Isrc -I$(BUILD) -MMD -MP $(INCLUDES) -O1 -g \
            -fno-omit-frame-pointer -fno-sanitize-recover=all
FUZZ_SAN  = address,undefined
# Of classify only what reads a text: labels ask services and keep what they say, with most of the program behind them.
FUZZ_CODE_fuzz_ics = $(filter src/meetings/ics% src/meetings/links.c src/tasks/recurrence.c,$(CODE_C)) $(call code_of,extract) $(call code_of,text) $(call code_of,net)
FUZZ_CODE_fuzz_entities = $(filter-out src/classify/labels% src/classify/embedder.c,$(filter src/classify/%,$(CODE_C))) $(call code_of,text) $(call code_of,gateway)
FUZZ_CODE_fuzz_jwt = $(filter src/account/jwt% src/account/public_key.c,$(CODE_C)) $(call code_of,base)
FUZZ_CODE_fuzz_webauthn = $(filter src/account/webauthn% src/account/public_key.c src/account/jwt_keys.c,$(CODE_C)) $(call code_of,base)
FUZZ_CODE_fuzz_expression = $(filter src/workflow/expression% src/workflow/template.c,$(CODE_C)) $(call code_of,text)
fuzz_code = $(sort $(or $(FUZZ_CODE_$(1)),$(foreach d,$(shell sed -n 's|^\#include "\([a-z]*\)/.*|\1|p' fuzz/$(1).c),$(call code_of,$(d)))))
$(FOBJ)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  FUZZ $<"
	@$(FUZZ_CC) -fsanitize=fuzzer-no-link,$(FUZZ_SAN) -c -o $@ $<
# clang 14 knows neither half precision nor the name of its instructions: gcc's, without coverage.
$(FOBJ)/src/index/vector_kernels.o $(FOBJ)/src/index/vectors.o: $(FOBJ)/%.o: %.c
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) -c -o $@ $<
# clang has no pragma that chooses instructions for the rest of a file.
$(FOBJ)/src/encode/kernels_avx2.o: FUZZ_CC += -mavx2 -mfma
$(FOBJ)/src/encode/kernels_avx512.o: FUZZ_CC += -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma
$(FOBJ)/src/encode/bytes_avx2.o: FUZZ_CC += -mavx2 -mfma
$(FOBJ)/src/encode/bytes_avxvnni.o: FUZZ_CC += -mavx2 -mfma -mavxvnni
$(FOBJ)/src/encode/bytes_avx512vnni.o: FUZZ_CC += -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni -mfma
$(FOBJ)/src/encode/bytes_amx.o $(FOBJ)/src/encode/attention_amx.o: FUZZ_CC += -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni -mavx512bf16 -mamx-tile -mamx-int8 -mamx-bf16 -mfma
$(BUILD)/fuzz/fuzz_%: $(FOBJ)/fuzz/fuzz_%.o $$(addprefix $(FOBJ)/,$$(addsuffix .o,$$(basename $$(call fuzz_code,fuzz_$$*))))
	@echo "  LINK $@"
	@clang -fsanitize=fuzzer,$(FUZZ_SAN) -o $@ $(filter %.o,$^) $(LIBS)
# The header of libgomp is gcc's own, with an attribute that clang does not know.
$(FOBJ)/src/worker/picture/ocr.o: FUZZ_CC += -idirafter $(dir $(shell gcc -print-file-name=include/omp.h)) '-D__malloc__(...)='
$(CLASS_CC:%=$(FOBJ)/%.o): $(FOBJ)/%.cc.o: %.cc
	@mkdir -p $(@D)
	@clang++ -std=gnu++17 -Isrc -MMD -MP $(INCLUDES) -O1 -g -fsanitize=address -c -o $@ $<
# Those of a class of worker are fuzz_worker.c with fuzz/worker/<class>.c and the class's code.
fuzz_class = $(FOBJ)/src/extract/extractors.o $(filter-out %/class_main.o,$(call class_code,$(1),$(FOBJ)))
$(BUILD)/fuzz/worker/%: $(FOBJ)/fuzz/fuzz_worker.o $(FOBJ)/fuzz/worker/%.o $$(call fuzz_class,$$*)
	@mkdir -p $(@D)
	@echo "  LINK $@"
	@clang -fsanitize=fuzzer,$(FUZZ_SAN) -o $@ $(filter %.o,$^) $(CLASS_LIBS_$*) $(LIBS)
fuzz: $(FUZZERS)
	FORMATS=$(FORMATS) tools/run-fuzz $(or $(TIME),60) $^

# --- The two commands ---
MODELS ?= $(HOME)/.cache/lectern/models

run:
	@tools/need run
	@$(MAKE) --no-print-directory -s -j2 all
	@test -f $(MODELS)/all-MiniLM-L6-v2/model.safetensors || tools/fetch-model $(MODELS) || \
		echo "lectern: no embedding model; the server starts with keyword search"
	$(BUILD)/lectern serve $(ARGS)

test:
	@tools/need test
	@tools/backends prepare
	@test -f $(MODELS)/all-MiniLM-L6-v2/model.safetensors || tools/fetch-model $(MODELS) || \
		echo "lectern: no embedding model; tests that need it are skipped"
	$(MAKE) --no-print-directory -j2 all unit-programs $(BUILD)/crash_index $(BUILD)/crash_work
	@tools/python-tests
	BESIDE="$(MAKE) --no-print-directory beside-whole" tools/run-whole $(PYTEST)

# Those that are no whole program: they take turns with it, as each leaves some of the processor's time.
beside-whole:
	$(MAKE) --no-print-directory unit
	$(BUILD)/crash_index 30
	bench/both_databases.sh $(BUILD)/crash_work 15

unit-programs: $(UNITS:%=$(BUILD)/unit/%)

check:
	@tools/check-format
	@tools/check-layers
	@tools/check-lengths
	@tools/check-lists
	@tools/check-macros
	@tools/check-isolation
	@# Fuzz targets and measurements are built elsewhere, rarely: they must at least compile.
	@for f in fuzz/*.c fuzz/worker/*.c; do $(CC) $(CFLAGS) -I. -w -Werror=implicit -fsyntax-only -MF /dev/null $$f || exit 1; done
	@for f in bench/*.c; do $(CC) $(CFLAGS) -fsyntax-only -MF /dev/null $$f || exit 1; done

crash: all
	@tools/python-tests
	$(BUILD)/tests/bin/python tests/crash_loop.py $(or $(ROUNDS),200)

# Three nodes, PostgreSQL and S3, parts of which are killed and stopped while clients use them; TIME seconds of it.
cluster: all
	@tools/python-tests
	$(BUILD)/tests/bin/python tests/cluster/cluster.py --time $(or $(TIME),600) --vectors $(or $(VECTORS),embedded) $(SEED:%=--seed %)

# The index alone, killed and torn; a thousand rounds are done in three minutes.
$(BUILD)/crash_index: $(OBJ)/tests/crash_index.o $$(addprefix $(OBJ)/,$$(addsuffix .o,$$(basename $$(call code_of,index))))
	@$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS)
# Workflows, killed: a thousand rounds are done in three minutes.
$(BUILD)/crash_work: $(OBJ)/tests/crash_work.o $$(addprefix $(OBJ)/,$$(addsuffix .o,$$(basename $$(call code_of,workflow))))
	@$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS)
crash-work: $(BUILD)/crash_work
	bench/both_databases.sh $< $(or $(ROUNDS),1000)
crash-loop: $(BUILD)/crash_index
	$< $(or $(ROUNDS),1000)

# --- Installing ---
install: all
	install -D -m 755 $(BUILD)/lectern $(DESTDIR)$(PREFIX)/bin/lectern
	for class in $(CLASSES); do install -D -m 755 $(BUILD)/lectern-worker-$$class \
		$(DESTDIR)$(PREFIX)/libexec/lectern/lectern-worker-$$class; done
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/lib/systemd/system
	$(BUILD)/lectern --manual > $(DESTDIR)$(PREFIX)/share/man/man1/lectern.1
	sed 's|@PREFIX@|$(PREFIX)|' tools/systemd/lectern.service > $(DESTDIR)$(PREFIX)/lib/systemd/system/lectern.service

# Packages for Debian 12 in $(BUILD); the model has one of its own when it is there.
deb: all
	@tools/need deb
	DEB_BUILD_OPTIONS=noautodbgsym DEB_BUILD_PROFILES="$(if $(wildcard $(BUILD)/model/all-MiniLM-L6-v2/vocab.txt),pkg.lectern.model)" \
		debian/rules binary OUT=$(BUILD)

deb-check: deb
	tools/check-deb $(BUILD)

dist:
	@mkdir -p $(BUILD)
	git archive --format=tar.gz --prefix=lectern-$(VERSION)/ -o $(BUILD)/lectern-$(VERSION).tar.gz HEAD
	@echo $(BUILD)/lectern-$(VERSION).tar.gz

# The reference pages that are printed from the program's own tables.
# Every route by requests that its description makes: EXAMPLES of each kind, as owner, as reader, without a key.
fuzz-api: all
	tools/python-tests
	cd tests && ../$(BUILD)/tests/bin/python fuzz_api.py $(or $(EXAMPLES),10) $(or $(SEED),1) $(or $(DATABASE),sqlite)

docs: all
	tools/print-docs docs $(BUILD)/lectern

# Extract one file without the sandbox, for scoring and profiling.
$(BUILD)/extract-one: $(OBJ)/bench/extract_one.o $$(addprefix $(OBJ)/,$$(addsuffix .o,$$(basename $$(call code_of,extract))))
	$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS)

# Processor time of PDF text beside MuPDF alone.
$(BUILD)/pdf-bare: $(OBJ)/bench/pdf_bare.o $$(addprefix $(OBJ)/,$$(addsuffix .o,$$(basename $$(call code_of,extract))))
	$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS)

# Jobs a second on SQLite and PostgreSQL, and Celery over Redis beside it.
$(BUILD)/jobs_bench: $(OBJ)/bench/jobs_bench.o $$(addprefix $(OBJ)/,$$(addsuffix .o,$$(basename $$(call code_of,jobs))))
	$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS)
# Whether they stay as fast after ten million; how soon the jobs of a node that was killed run again.
$(BUILD)/jobs_long_bench $(BUILD)/jobs_lost_bench: $(BUILD)/%: $(OBJ)/bench/%.o $$(addprefix $(OBJ)/,$$(addsuffix .o,$$(basename $$(call code_of,jobs))))
	@$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS)
# Steps of workflows a second, likewise.
$(BUILD)/work_bench: $(OBJ)/bench/work_bench.o $$(addprefix $(OBJ)/,$$(addsuffix .o,$$(basename $$(call code_of,workflow))))
	@$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS)
bench-jobs: $(BUILD)/jobs_bench
	bench/jobs_peer.sh $< $(or $(JOBS),20000)

# What the record of a call costs, in processor time.
$(BUILD)/calls_bench: $(OBJ)/bench/calls_bench.o $$(addprefix $(OBJ)/,$$(addsuffix .o,$$(basename $$(call code_of,models))))
	$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS)
bench-calls: $(BUILD)/calls_bench
	folder=$$(mktemp -d) && $< $$folder; rm -rf $$folder

# What a kept answer costs the gateway.
$(BUILD)/cache_bench: $(OBJ)/bench/cache_bench.o $$(addprefix $(OBJ)/,$$(addsuffix .o,$$(basename $$(call code_of,gateway))))
	$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS)
bench-cache: $(BUILD)/cache_bench
	$<

# What a span costs, recorded or not.
$(BUILD)/trace_bench: $(OBJ)/bench/trace_bench.o $$(addprefix $(OBJ)/,$$(addsuffix .o,$$(basename $$(call code_of,base))))
	$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS)
bench-trace: $(BUILD)/trace_bench
	$<

# Speed of the encoder; TEXTS=FILE writes its texts for bench/encode_peer.py.
$(BUILD)/encode_bench: $(OBJ)/bench/encode_bench.o $$(addprefix $(OBJ)/,$$(addsuffix .o,$$(basename $$(call code_of,encode))))
	@$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS)
$(BUILD)/tokenizer_bench: $(OBJ)/bench/tokenizer_bench.o $$(addprefix $(OBJ)/,$$(addsuffix .o,$$(basename $$(call code_of,text))))
	@$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS)
$(BUILD)/dates_bench: $(OBJ)/bench/dates_bench.o $$(addprefix $(OBJ)/,$$(addsuffix .o,$$(basename $$(call code_of,text))))
	@$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS)
bench-encode: $(BUILD)/encode_bench
	$(BUILD)/encode_bench $(or $(MODEL),$(MODELS)/all-MiniLM-L6-v2) $(TEXTS)

# How often labels, sentiment and entities are right.
$(BUILD)/classify_bench: $(OBJ)/bench/classify_bench.o $$(addprefix $(OBJ)/,$$(addsuffix .o,$$(basename $$(call code_of,classify))))
	@$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS)
bench-classify: $(BUILD)/classify_bench
	$< $(or $(MODEL),$(MODELS)/all-MiniLM-L6-v2)

# How well and how fast the index finds; DATA has scifact/, cranfield/ and cisi/.
$(BUILD)/retrieval_bench: $(OBJ)/bench/retrieval_bench.o $$(addprefix $(OBJ)/,$$(addsuffix .o,$$(basename $$(sort $$(call code_of,index) $$(call code_of,encode)))))
	@$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS)
# Speed of the keyword index, beside its peers.
$(BUILD)/keyword_bench: $(OBJ)/bench/keyword_bench.o $$(addprefix $(OBJ)/,$$(addsuffix .o,$$(basename $$(call code_of,index))))
	@$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS)
# The real vectors of vector_bench, made once.
$(BUILD)/vector_texts: $(OBJ)/bench/vector_texts.o $$(addprefix $(OBJ)/,$$(addsuffix .o,$$(basename $$(sort $$(call code_of,index) $$(call code_of,encode)))))
	@$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS)
# How well and how fast the vector index finds.
$(BUILD)/vector_bench: $(OBJ)/bench/vector_bench.o $$(addprefix $(OBJ)/,$$(addsuffix .o,$$(basename $$(call code_of,index))))
	@$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS)
# One search of a library of 100,000 passages, from the query to the snippets.
$(BUILD)/retrieval_search: $(OBJ)/bench/retrieval_search.o $$(addprefix $(OBJ)/,$$(addsuffix .o,$$(basename $$(call code_of,search))))
	@$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS)
bench-query: $(BUILD)/retrieval_search
	$(BUILD)/retrieval_search $(or $(DATA),../shared/retrieval) $(or $(MODEL),$(MODELS)/all-MiniLM-L6-v2)
bench-retrieval: $(BUILD)/retrieval_bench
	$(BUILD)/retrieval_bench $(or $(DATA),../shared/retrieval) $(or $(MODEL),$(wildcard $(MODELS)/all-MiniLM-L6-v2)) $(BUILD)/vectors

# What answers see of questions in DATA, a library, for bench/answer_train.py.
$(BUILD)/answer_lab: $(OBJ)/bench/answer_lab.o $(OBJ)/web.o $$(addprefix $(OBJ)/,$$(addsuffix .o,$$(basename $$(CODE_C))))
	@$(CC) -pie $(LDFLAGS) -o $@ $^ $(LIBS)

# What drawing tasks sees of texts, for bench/tasks_score.py and tasks_train.py.
$(BUILD)/draw_lab: $(OBJ)/bench/draw_lab.o $$(addprefix $(OBJ)/,$$(addsuffix .o,$$(basename $$(call code_of,tasks))))
	@$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS)

# Vectors for every chunk of a library, for measuring searches of 100,000.
$(BUILD)/many_documents: $(OBJ)/bench/many_documents.o $$(addprefix $(OBJ)/,$$(addsuffix .o,$$(basename $$(call code_of,store))))
	@$(CC) -pie $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/tile_vectors: $(OBJ)/bench/tile_vectors.o $$(addprefix $(OBJ)/,$$(addsuffix .o,$$(basename $$(sort $$(call code_of,store) $$(call code_of,encode)))))
	@$(CC) -pie $(LDFLAGS) -o $@ $^ $(LIBS)

# What is promised of searches, beside the peers when tools/peers has installed them.
BENCHES = $(patsubst %,$(BUILD)/%,many_documents tile_vectors encode_bench tokenizer_bench dates_bench retrieval_bench keyword_bench vector_texts vector_bench classify_bench crash_index draw_lab)
bench-search: all $(BENCHES)
	bench/run --search

# What is promised of answers and of what is made of documents.
bench-understanding: all $(BENCHES)
	bench/run --understanding

# What is promised of the server under odd load, and how much its tests try.
PLATFORM_UNITS = $(patsubst %,$(BUILD)/unit/%,account net store library)
bench-platform: all $(PLATFORM_UNITS)
	bench/run --only platform

# All of them and the whole program, beside its peers; writes bench/RESULTS.md.
bench: all $(BENCHES) $(BUILD)/extract-one $(BUILD)/pdf-bare $(BUILD)/jobs_bench $(BUILD)/jobs_long_bench $(BUILD)/jobs_lost_bench $(BUILD)/work_bench $(BUILD)/calls_bench $(PLATFORM_UNITS)
	bench/run

bench-gateway: all
	bench/gateway.py $(if $(PEERS),--peers $(PEERS))
soak: all
	bench/soak.py
load: all
	bench/load.py $(BUILD)/lectern

# What the earlier systems do: every path, setting and feature of them by its test.
seeds: all
	$(BUILD)/tests/bin/python -m pytest -q tests/seeds tests/test_settings.py \
		$$(cut -sf4 tests/seeds/features.tsv | tail -n +2 | grep -v ^seeds/ | sort -u | sed 's,^,tests/,')

corpus: all
	bench/corpus.py $(ARGS)

plans: all
	ROWS=10000 $(BUILD)/tests/bin/python -m pytest -q tests/test_hot_queries.py

clean:
	rm -rf $(BUILD)

-include $(shell find $(OBJ) $(TOBJ) $(BUILD)/fuzz/objects -name '*.d' 2>/dev/null)
.PHONY: all run test cluster bench-gateway bench-platform bench-cache soak load seeds unit unit-programs beside-whole check crash crash-loop crash-work fuzz fuzz-api bench corpus plans install dist deb deb-check docs clean FORCE
