# The installable package.

DIST := dist
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
TARBALL = tallywatt-$(VERSION)-$(shell uname -m)-$(shell uname -s | tr '[:upper:]' '[:lower:]')

.venv-dist/.ready: stages/tallywatt/requirements.txt

.PHONY: dist
dist: $(BIN)/tallywatt .venv-dist/.ready ## build the wheel and the tarball in dist/, and print their sizes
	rm -rf $(DIST)
	PATH="$(CURDIR)/.venv-dist/bin:$$PATH" maturin build --quiet --release --locked --manifest-path stages/tallywatt/Cargo.toml --target-dir target --out $(DIST)
	mkdir -p $(DIST)/$(TARBALL)
	cp $(BIN)/tallywatt LICENSE README.md $(DIST)/$(TARBALL)/
	$(BIN)/tallywatt man $(DIST)/$(TARBALL)/man
	mkdir -p $(DIST)/$(TARBALL)/completions
	for shell in bash zsh fish; do $(BIN)/tallywatt completions $$shell >$(DIST)/$(TARBALL)/completions/tallywatt.$$shell; done
	tar -C $(DIST) --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -czf $(DIST)/$(TARBALL).tar.gz $(TARBALL)
	rm -r $(DIST)/$(TARBALL)
	@ls -l $(DIST) | awk 'NR > 1 { printf "%6.1f MiB  %s\n", $$5 / 1048576, $$NF }'

# What `tallywatt demo` shows: measured anew on this machine. Commit the four tables with their date in README.md beside them.
DEMO := data/inputs/demo
.PHONY: demo-data
demo-data: $(BIN)/query ## measure the runs of `tallywatt demo` again
	$(MAKE) --no-print-directory data/run/demo/run.parquet RUN=data/run/demo PIPELINE=$(DEMO)/pipeline.toml
	$(PYTHON3) -B $(DEMO)/export.py $(BIN)/query data/run/demo $(DEMO)
