"""Allocators as plain lists, each step as its documentation says it: slow, short, by itself."""
