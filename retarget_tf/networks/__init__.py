"""The networks, the settings that describe them, and the encoding of their inputs and outputs."""
