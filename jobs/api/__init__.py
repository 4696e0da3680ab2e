"""The API, version 1: what other programs may ask and do, each with a token of its own."""
