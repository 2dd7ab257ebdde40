"""The test bed: real engines, registries and base images, started if need be and stopped exactly.

Used by the tests' fixtures and by the demo; knows nothing of ctr-ci. Nothing is pulled from a
public registry: base images are made from Debian's packages. Needs root for what it installs
(apt) and for the engines it starts; uses what is already there otherwise.
"""
