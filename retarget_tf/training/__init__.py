"""Training a preset from records into a workdir."""
