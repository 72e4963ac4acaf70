"""The HTTP face, on REST framework: policies and views of a few lines."""
