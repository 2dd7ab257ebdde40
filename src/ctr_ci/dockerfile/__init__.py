"""The Dockerfile front: text in, typed instructions with places out; syntax problems are collected."""
