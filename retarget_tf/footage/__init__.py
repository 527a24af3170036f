"""Real footage: who is in it, is it worth learning from, and how it becomes clip folders."""
