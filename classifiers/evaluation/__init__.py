"""Metrics and reports of models on labelled images."""
