"""Reads and writes pictures and videos, crops them to squares, and draws figures."""
