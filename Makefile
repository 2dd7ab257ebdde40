# `make demo` and `make test` set up all they need: a virtual environment, an engine, base images.
.PHONY: help demo test lock clean

help:
	@echo "make demo           lint, run, gate and publish the example, on a real engine and registry"
	@echo "make demo KEEP=1    the same, and leaves the registry running to try things"
	@echo "make test           all tests"
	@echo "make lock           renew the locked requirements (needs uv)"
	@echo "make clean          remove .venv, caches, and what tests and demo made in the engine"

demo:
	@KEEP='$(KEEP)' scripts/demo.sh

test:
	@scripts/test.sh

lock:
	@scripts/lock.sh --upgrade

clean:
	@scripts/clean.sh
