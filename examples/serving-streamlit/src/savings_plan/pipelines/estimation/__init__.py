"""Learns from the past how the market moves."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
