"""Promises how many minutes a parcel takes."""
