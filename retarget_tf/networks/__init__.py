"""The networks, the settings that describe them, and the tensors that go in and come out."""
