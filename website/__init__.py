"""The documentation as a website: pages of docs/, and reference pages written from the code."""
