"""Bundles: a model, its manifest and its model card, in a folder that is checked."""
