# Values that callers give: no name in them is ever a command, for make or for the shell.

# Make would run what stands in `$(shell ...)`, so values are looked at before they are used; what names targets
# has no character that make or the shell reads, and all else goes into commands as quoted words.
empty :=
define newline

endef
PLACES := RUN PIPELINE CACHE IMPORT BESIDE IMPORT_PIPELINE TABLES
VALUES := PRICES GRID TARIFFS EMBODIED RETIRED WITHOUT RUNS POWER IMPORT_OPTIONS RUNS_OPTIONS POWER_OPTIONS APPENDIX SHOW_APPENDIX TRIALS SEED SECTIONS \
    PLACES_EACH READERS MUTATIONS
READ := : ; % \# * ? [ ] ~ \ ' " ` & | < > ( ) { } ! ^ =
$(foreach v,$(PLACES) $(VALUES),$(if $(findstring $$,$(value $(v)))$(findstring $(newline),$(value $(v))),\
    $(error $(v): make reads `$$` and ends of lines in names, "$(value $(v))", rename the file or folder)))
$(foreach v,RUN PIPELINE CACHE,$(if $(strip $(value $(v))),,$(error $(v): empty, "$(value $(v))", name a file or folder)))
$(foreach v,$(PLACES),$(if $(filter-out 0 1,$(words $(value $(v)))),\
    $(error $(v): make cannot hold a name with spaces, "$(value $(v))", rename the file or folder)))
$(foreach v,$(PLACES),$(foreach c,$(READ),$(if $(findstring $(c),$(value $(v))),\
    $(error $(v): make or the shell reads `$(c)`, "$(value $(v))", rename the file or folder))))
$(foreach v,$(PLACES),$(if $(filter -%,$(value $(v))),$(error $(v): looks like an option, "$(value $(v))", put ./ before it)))
$(if $(filter / . .. ./ ../,$(RUN)),$(error RUN: not a folder for runs, "$(RUN)", name a folder of its own such as data/run/mine))

# A value as one word of the shell.
quoted = '$(subst ','\'',$(1))'
# `list VALUE`: its words as ${list[@]}; what names a file is one, and no option. `show` runs a command and shows it.
WORDS := list() { list=(); if [ -e "$$1" ]; then list=("$${1/\#-/./-}"); else set -f; list=($$1); set +f; fi; }; \
    show() { printf '%q ' "$$@"; echo; "$$@"; }
# Files that costs come from: as options in ${inputs[@]}, by themselves in ${files[@]}.
INPUTS = $(WORDS); inputs=(); files=(); \
    add() { list "$$2"; files+=("$${list[@]}"); if [ -n "$${list[*]}" ]; then inputs+=("$$1" "$${list[@]}"); fi; }; \
    add --prices $(call quoted,$(PRICES)); add --grid $(call quoted,$(GRID)); add --tariffs $(call quoted,$(TARIFFS)); \
    add --embodied $(call quoted,$(EMBODIED)); add --retired $(call quoted,$(RETIRED)); \
    without=($(if $(WITHOUT),--without $(call quoted,$(WITHOUT))))
# Files below folders, but for names that make or the shell would read.
found = $(shell find $(1) -name '*[!A-Za-z0-9._+-]*' -prune -o -type f $(2) -print | sort)
