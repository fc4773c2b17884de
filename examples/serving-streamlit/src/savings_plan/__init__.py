"""Simulates what monthly payments into a fund may come to."""
