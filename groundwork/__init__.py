"""The command line for people: a thin layer over the other rooms."""
