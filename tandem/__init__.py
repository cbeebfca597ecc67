"""Tandem: alert routing for co-managed IT, one environment with two parties."""
