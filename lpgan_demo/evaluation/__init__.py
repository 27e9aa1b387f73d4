"""Measurements behind the published figures: one file for each kind of `evaluate`."""
