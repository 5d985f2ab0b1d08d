"""Predict the expressions in photos, in this process or in worker processes."""
