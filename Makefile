PYTHON ?= python3

run:
	@exec $(PYTHON) bin/run
