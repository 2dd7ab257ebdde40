"""ctr-ci: lint Dockerfiles, run cloudbuild.yaml in containers, publish exactly the tested image."""

__version__ = "0.1.0"
