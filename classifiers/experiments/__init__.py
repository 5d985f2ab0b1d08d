"""Experiments and benchmarks: what results/ and docs/ are written from."""
