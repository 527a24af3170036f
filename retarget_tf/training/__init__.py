"""Trains the presets on records."""
